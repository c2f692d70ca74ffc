"""The ways on which alerts are told: a line in the log, a post to a webhook, a mail."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Protocol

import msgspec

from interplane.errors import ConfigError
from interplane.monitoring.alerts.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from interplane.monitoring.alerts.message import Message
    from interplane.monitoring.alerts.outgoing import Outgoing
    from interplane.monitoring.alerts.owners import DeliveryConfig, Owner, Smtp
    from interplane.serving.log_lines import LogLines

__all__ = ["Channel", "LogChannel", "Mail", "Webhook", "open_channel"]


class Channel(Protocol):
    """One way to one owner."""

    def send(self, message: Message) -> None:
        """Tell it; when this returns, the other side has it.

        The same message may come again: the other side knows it by its key.

        Raises:
            InterplaneError: if it did not arrive, or nobody knows.
        """
        ...


class LogChannel:
    """A structured line: what the process that keeps everything running writes anyway."""

    def __init__(self, log: LogLines, *, owner: str) -> None:
        self._log = log
        self._owner = owner

    def send(self, message: Message) -> None:
        """Write the line."""
        alert = message.plain["alert"]
        self._log.say(
            f"alert-{message.plain['event']}",
            key=message.key,
            alert=alert["id"],
            rule=alert["cell"]["rule"],
            model=alert["cell"]["model"],
            owner=self._owner,
            subject=message.subject,
        )


class Webhook:
    """Posts JSON. The header ``Idempotency-Key`` has the message's key.

    Args:
        outgoing: opens connections.
        url: the address.
        token: is sent as ``Authorization: Bearer``, if there is one.
    """

    def __init__(self, outgoing: Outgoing, *, url: Secret, token: Secret | None = None) -> None:
        self._outgoing = outgoing
        self._url = url
        self._token = token

    def send(self, message: Message) -> None:
        """Post it; anything but an answer of success is an error."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "interplane",
            "Idempotency-Key": message.key,
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        self._outgoing.post(self._url.reveal(), msgspec.json.encode(message.plain), headers)


class Mail:
    """Hands a mail to a mail server. Its ``Message-ID`` is the same for each attempt.

    Args:
        outgoing: opens connections.
        smtp: the mail server.
        to: the address.
        password: what to log in with, if the server wants that.
    """

    def __init__(
        self, outgoing: Outgoing, *, smtp: Smtp, to: str, password: Secret | None = None
    ) -> None:
        self._outgoing = outgoing
        self._smtp = smtp
        self._to = to
        self._password = password

    def send(self, message: Message) -> None:
        """Hand it over."""
        smtp = self._smtp
        with self._outgoing.connected(smtp.host, smtp.port) as opened:
            sock = opened
            if smtp.tls == "tls":
                sock = self._outgoing.context.wrap_socket(opened, server_hostname=smtp.host)
            client = _Client(sock, smtp.host, smtp.port)
            try:
                if smtp.tls == "starttls":
                    client.starttls(context=self._outgoing.context)
                if smtp.user is not None and self._password is not None:
                    client.login(smtp.user, self._password.reveal())
                client.send_message(self._mail(message))
                client.quit()
            finally:
                client.close()

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = message.subject
        mail["From"] = self._smtp.sender
        mail["To"] = self._to
        mail["Message-ID"] = f"<{message.key.replace(':', '.')}@interplane>"
        mail["X-Interplane-Key"] = message.key
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


class _Client(smtplib.SMTP):
    """A client of a mail server, over a connection that is open already."""

    def __init__(self, opened: socket.socket, host: str, port: int) -> None:
        self._opened = opened
        # Its own address: to ask for the name of this machine would be a question to the outside.
        address = opened.getsockname()[0]
        me = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        super().__init__(host, port, local_hostname=me)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host, port, timeout
        return self._opened


def open_channel(
    channel: str,
    owner: Owner,
    *,
    name: str,
    config: DeliveryConfig,
    outgoing: Outgoing,
    log: LogLines,
    environment: Mapping[str, str] | None = None,
) -> Channel:
    """Return a channel of an owner; secrets are read now.

    Raises:
        ConfigError: if a secret is not where the project file says, or there is no such channel.
    """
    place = f"owners.{name}"

    def secret(variable: str | None, setting: str) -> Secret | None:
        if variable is None:
            return None
        return Secret.from_environment(variable, setting=setting, environment=environment)

    if channel == "log":
        return LogChannel(log, owner=name)
    if channel == "webhook":
        url = Secret(owner.webhook) if owner.webhook is not None else None
        url = url or secret(owner.webhook_env, f"{place}.webhook_env")
        if url is not None:
            token = secret(owner.token_env, f"{place}.token_env")
            return Webhook(outgoing, url=url, token=token)
    if channel == "email" and owner.email is not None and config.smtp is not None:
        password = secret(config.smtp.password_env, "delivery.smtp.password_env")
        return Mail(outgoing, smtp=config.smtp, to=owner.email, password=password)
    raise ConfigError(
        f"{place} has no channel {channel!r} any more",
        expected="the channel that this was to be told on",
        do="Put it back into the project file, or let this delivery fail",
    )
