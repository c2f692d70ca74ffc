"""Who is told of alerts, and how: ``[owners.NAME]`` and ``[delivery]`` of the project file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from interplane.errors import ConfigError
from interplane.record import check_name
from interplane.record.base import Value
from interplane.record.sections import read_section

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DeliveryConfig", "Owner", "Smtp", "read_delivery", "read_owners"]

_MAIL: Final = re.compile(r"[^\s@<>,;\x00-\x1f]+@[^\s@<>,;\x00-\x1f]+")
_DO: Final = "Mend that part of the project file"


class Owner(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told of alerts. Whoever has no channel of their own has the log.

    Attributes:
        webhook: an address that alerts are posted to as JSON.
        webhook_env: the environment variable with that address, where it is a secret by itself.
        token_env: the environment variable with a token for it, sent as ``Authorization: Bearer``.
        email: an address that mails go to.

    >>> Owner(email="ops@example.com").channels
    ('log', 'email')
    """

    webhook: str | None = None
    webhook_env: str | None = None
    token_env: str | None = None
    email: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The ways on which they are told: always a line in the log."""
        has_webhook = self.webhook is not None or self.webhook_env is not None
        found = (("log", True), ("webhook", has_webhook), ("email", self.email is not None))
        return tuple(name for name, has in found if has)


class Smtp(Value, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """The mail server that mails are handed to.

    Attributes:
        host: its name.
        port: its port.
        sender: the address that mails come from (``from`` in the file).
        user: the name to log in with; without it nobody logs in.
        password_env: the environment variable with the password.
        tls: ``starttls``, ``tls`` from the first byte, or ``none`` for a server on a trusted net.
    """

    host: str
    sender: str
    port: int = 587
    user: str | None = None
    password_env: str | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"


class DeliveryConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which outgoing connections may be opened, and how often one is tried.

    Attributes:
        allow_hosts: the hosts that webhooks may be at: ``hooks.example.com``, or with a port.
        allow_private: whether a host may be at a private, loopback or link-local address.
        allow_http: whether a webhook may be at an ``http:`` address, readable on its way.
        smtp: the mail server.
        attempts: how often a delivery is tried before it has failed.
        timeout_s: how long one attempt may take.
    """

    allow_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    allow_http: bool = False
    smtp: Smtp | None = None
    attempts: int = 12
    timeout_s: float = 10.0


def read_owners(plain: Mapping[str, Any], *, place: str = "interplane.toml") -> dict[str, Owner]:
    """Read the tables ``[owners.NAME]``.

    Raises:
        ConfigError: if one says something that Interplane does not know, or that makes no sense.

    >>> read_owners({"operations": {"email": "ops@example.com"}})["operations"].email
    'ops@example.com'
    """
    if not isinstance(plain, dict):
        raise ConfigError(f"{place}: owners is {plain!r}", expected="[owners.NAME]", do=_DO)
    found = {}
    for name, item in plain.items():
        check_name(name, of="owner")
        owner = found[name] = read_section(
            item, Owner, place=f"{place}: owners.{name}", example="what it may say", do=_DO
        )
        if owner.webhook is not None and owner.webhook_env is not None:
            raise ConfigError(
                f"{place}: owners.{name} has a webhook and a webhook_env",
                expected="one of the two",
                do=_DO,
            )
        if owner.email is not None and not _MAIL.fullmatch(owner.email):
            raise ConfigError(
                f"{place}: owners.{name}.email is {owner.email!r}",
                expected="one address, for example ops@example.com",
                do=_DO,
            )
    return found


def read_delivery(
    plain: Mapping[str, Any], owners: Mapping[str, Owner], *, place: str = "interplane.toml"
) -> DeliveryConfig:
    """Read the table ``[delivery]``, and check that every channel of the owners can be reached.

    Raises:
        ConfigError: if it says something that Interplane does not know, or if it leaves out what a
            channel needs.
    """
    from interplane.monitoring.alerts.outgoing import check_url

    config = read_section(
        plain, DeliveryConfig, place=f"{place}: delivery", example="what it may say", do=_DO
    )
    smtp = config.smtp
    if smtp is not None and not _MAIL.fullmatch(smtp.sender):
        raise ConfigError(
            f"{place}: delivery.smtp.from is {smtp.sender!r}", expected="one address", do=_DO
        )
    if smtp is not None and (smtp.user is None) != (smtp.password_env is None):
        raise ConfigError(
            f"{place}: delivery.smtp has one of user and password_env",
            expected="both, or neither",
            do=_DO,
        )
    if config.attempts < 1 or not 0 < config.timeout_s <= 60:
        raise ConfigError(
            f"{place}: delivery.attempts is {config.attempts} and timeout_s {config.timeout_s}",
            expected="1 attempt or more, of up to 60 seconds",
            do=_DO,
        )
    for name, owner in owners.items():
        if owner.email is not None and smtp is None:
            raise ConfigError(
                f"{place}: owners.{name} has an email address, and there is no mail server",
                expected='[delivery] smtp = { host = "…", from = "…" }',
                do="Add it, or take the address out",
            )
        if owner.webhook is not None:
            check_url(owner.webhook, config, place=f"{place}: owners.{name}.webhook")
    return config
