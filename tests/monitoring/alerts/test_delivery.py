"""Deliveries: told at least once on each channel, under one key, whatever else goes wrong."""

import json
import socket
import ssl
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.smtp import AuthResult

from interplane.errors import ConfigError, StorageError
from interplane.monitoring.alerts.channels import open_channel
from interplane.monitoring.alerts.delivery import Told, deliver
from interplane.monitoring.alerts.message import Message
from interplane.monitoring.alerts.outgoing import Outgoing, OutgoingFailed
from interplane.monitoring.alerts.owners import DeliveryConfig, Owner, Smtp
from interplane.monitoring.alerts.ports import RuleMute
from interplane.monitoring.calendar import HOUR_US
from interplane.serving.log_lines import LogLines
from interplane.testing.journal_laws import channels, finding, judge
from interplane.testing.memory_journal import MemoryJournal

sys.path.insert(0, str(Path(__file__).parent))
from receivers import mail, web

S = 1_000_000


class Telling:
    """A journal, and channels that fail when they are told to."""

    def __init__(self):
        self.journal = MemoryJournal(channels=channels)
        self.told = []
        self.broken = set()

    def channel(self, owner, name):
        """Return a channel that writes down what it is told."""
        telling = self

        class Channel:
            def send(self, message):
                """Take it, or not."""
                if name in telling.broken:
                    raise OutgoingFailed(f"{name} is broken", do="Wait")
                telling.told.append((owner, name, message.key.partition(":")[2]))

        return Channel()

    def turn(self, now_us=0, attempts=3):
        """Make a pass."""
        return deliver(self.journal, self.channel, project="p", attempts=attempts, now_us=now_us)

    def states(self):
        """Return what became of each delivery."""
        return [(item.event, item.channel, item.state) for item in self.journal.deliveries()]


@pytest.fixture
def telling():
    """A journal with one alert that was opened."""
    made = Telling()
    judge(made.journal, 0, finding(0, fires=True), now_us=1)
    return made


def test_each_is_told_once(telling):
    """Opening and resolution, on each channel; a second pass has nothing to tell."""
    assert Told(2, 0) == telling.turn(10)
    judge(telling.journal, 1, finding(1, fires=False), now_us=20)
    assert Told(2, 0) == telling.turn(30)
    assert Told() == telling.turn(40)
    assert {
        ("ops", channel, event)
        for channel in ("log", "webhook")
        for event in ("opened", "resolved")
    } == set(telling.told)
    assert 4 == len(telling.told)


def test_what_came_at_once_is_told_in_order(telling):
    """The opening goes before the resolution, in one pass."""
    judge(telling.journal, 1, finding(1, fires=False), now_us=20)
    telling.turn(30)
    for channel in ("log", "webhook"):
        assert ["opened", "resolved"] == [e for _, name, e in telling.told if name == channel]


def test_a_channel_that_fails_blocks_no_other(telling):
    """It is tried again after growing pauses; then it has failed, and can be seen."""
    telling.broken = {"webhook"}
    assert Told(1, 1) == telling.turn(10 * S)
    assert Told() == telling.turn(19 * S)
    assert Told(0, 1) == telling.turn(20 * S)
    assert Told() == telling.turn(39 * S)
    assert Told(0, 1) == telling.turn(40 * S)
    assert Told() == telling.turn(10_000 * S)
    assert [("opened", "log", "sent"), ("opened", "webhook", "failed")] == telling.states()
    failed = telling.journal.deliveries()[1]
    assert (3, "webhook is broken. Wait.") == (failed.attempts, failed.error)


def test_the_resolution_waits_for_its_opening(telling):
    """On the channel that is behind; nobody hears an end before its beginning."""
    telling.broken = {"webhook"}
    telling.turn(10 * S)
    judge(telling.journal, 1, finding(1, fires=False), now_us=11 * S)
    assert Told(1, 0) == telling.turn(12 * S)
    telling.broken = set()
    assert Told(2, 0) == telling.turn(20 * S)
    assert ["opened", "resolved"] == [e for _, name, e in telling.told if name == "webhook"]


def test_after_an_opening_that_failed_the_resolution_is_told(telling):
    """There was something: better late than never."""
    telling.broken = {"webhook"}
    telling.turn(10 * S, attempts=1)
    judge(telling.journal, 1, finding(1, fires=False), now_us=11 * S)
    telling.broken = set()
    telling.turn(12 * S)
    assert [("ops", "webhook", "resolved")] == [t for t in telling.told if t[1] == "webhook"]


def mute(telling, until_us):
    """Mute the rule."""
    telling.journal.mute(RuleMute(rule="late", until_us=until_us, at_us=2, who="ann", why="known"))


def test_what_is_open_when_a_mute_ends_is_told_then(telling):
    """Not before, and once."""
    mute(telling, 100 * S)
    assert Told() == telling.turn(10 * S)
    assert {"muted"} == {state for *_, state in telling.states()}
    assert Told(2, 0) == telling.turn(100 * S)
    assert Told() == telling.turn(200 * S)


def test_what_was_resolved_under_a_mute_is_never_told(telling):
    """Neither its opening nor its end."""
    mute(telling, 100 * S)
    telling.turn(10 * S)
    judge(telling.journal, 1, finding(1, fires=False), now_us=20 * S)
    telling.turn(30 * S)
    telling.turn(200 * S)
    assert [] == telling.told
    assert {"withheld"} == {state for *_, state in telling.states()}


def test_a_mute_that_is_ended_early(telling):
    """What waited for it is told at once."""
    mute(telling, 100 * S)
    telling.turn(10 * S)
    telling.journal.unmute("late", where=None, who="ann", why="over", now_us=20 * S)
    assert Told(2, 0) == telling.turn(21 * S)


def test_who_is_killed_after_sending_sends_again_under_the_same_key(telling):
    """At least once: the other side knows the repetition."""
    journal, writes = telling.journal, telling.journal.record_delivery

    def killed(delivery):
        raise StorageError("killed", do="Start again")

    journal.record_delivery = killed
    with pytest.raises(StorageError):
        telling.turn(10 * S)
    journal.record_delivery = writes
    telling.turn(10 * S)
    assert 1 == len({item for item in telling.told if item[1] == "webhook"})


# ---- the channels themselves ---------------------------------------------------------------


def message():
    """Return a message about an alert whose slice tries to break out."""
    journal = MemoryJournal(channels=channels)
    judge(journal, 0, finding(0, fires=True, origin="JFK\r\nBcc: evil@example.com"), now_us=1)
    return Message.of(journal.alerts()[0], journal.deliveries()[1], project="p")


def local(host, port, **_):
    """Find this machine."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def opened(name, owner, config, environment=None, log=None):
    """Return a channel of an owner."""
    return open_channel(
        name,
        owner,
        name="ops",
        config=config,
        outgoing=Outgoing(config, resolve=local),
        log=log or LogLines(),
        environment=environment or {},
    )


def test_a_webhook_gets_json_and_a_key():
    """The address and the token come from the environment."""
    with web() as hook:
        config = DeliveryConfig(
            allow_hosts=(f"localhost:{hook.port}",), allow_private=True, allow_http=True
        )
        owner = Owner(webhook_env="HOOK", token_env="TOKEN")
        environment = {"HOOK": f"http://localhost:{hook.port}/s3cret", "TOKEN": "t0ken"}
        sent = message()
        opened("webhook", owner, config, environment).send(sent)
    ((path, headers, body),) = hook.got
    assert ("/s3cret", "application/json", "Bearer t0ken", sent.key) == (
        path,
        headers["Content-Type"],
        headers["Authorization"],
        headers["Idempotency-Key"],
    )
    plain = json.loads(body)
    assert ("opened", "p", sent.key) == (plain["event"], plain["project"], plain["key"])
    assert "JFK\r\nBcc: evil@example.com" == plain["alert"]["cell"]["values"][0]


def test_a_secret_that_is_not_there_is_said():
    """By its variable, when it is needed."""
    with pytest.raises(ConfigError, match=r"owners\.ops\.webhook_env names .* HOOK, which is not"):
        opened("webhook", Owner(webhook_env="HOOK"), DeliveryConfig())
    for wrong in ("t0ken\n", "pässword"):
        with pytest.raises(ConfigError, match="cannot be sent") as raised:
            opened("webhook", Owner(webhook_env="HOOK"), DeliveryConfig(), {"HOOK": wrong})
        assert wrong not in str(raised.value)
    with pytest.raises(ConfigError, match="has no channel 'email' any more"):
        opened("email", Owner(), DeliveryConfig())


def test_secrets_are_not_in_errors():
    """Of an address, the host is said."""
    config = DeliveryConfig(allow_hosts=("localhost",))
    channel = opened("webhook", Owner(webhook_env="HOOK"), config, {"HOOK": "https://x/s3cret"})
    with pytest.raises(ConfigError) as raised:
        channel.send(message())
    assert "s3cret" not in str(raised.value) + repr(vars(channel))


def mail_config(port, **settings):
    """Return a configuration that leads to a mail server of a test."""
    return DeliveryConfig(
        allow_private=True,
        smtp=Smtp(host="localhost", port=port, sender="interplane@example.com", **settings),
    )


def test_a_mail_is_handed_over():
    """One line of subject whatever the slice is called, and an id that stays the same."""
    with mail() as (box, port):
        sent = message()
        opened("email", Owner(email="ops@example.com"), mail_config(port, tls="none")).send(sent)
    (envelope,) = box.mails
    assert ("interplane@example.com", ["ops@example.com"]) == (
        envelope.mail_from,
        envelope.rcpt_tos,
    )
    read = message_from_bytes(envelope.content, policy=default)
    assert sent.subject == read["Subject"]
    assert None is read["Bcc"]
    assert f"<{sent.key.replace(':', '.')}@interplane>" == read["Message-ID"]
    assert "positive_rate" in read.get_content()


def test_a_mail_server_without_tls_gets_no_mail():
    """Encryption that was asked for is not given up on."""
    with mail() as (box, port), pytest.raises(OutgoingFailed, match="STARTTLS"):
        opened("email", Owner(email="ops@example.com"), mail_config(port)).send(message())
    assert [] == box.mails


def test_a_mail_goes_encrypted(certificate):
    """By STARTTLS, to a server whose certificate is trusted."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    trusting = ssl.create_default_context()
    trusting.load_verify_locations(certificate / "cert.pem")
    with mail(tls_context=server, require_starttls=True) as (box, port):
        config = mail_config(port)
        for context in (trusting, None):
            channel = open_channel(
                "email",
                Owner(email="ops@example.com"),
                name="ops",
                config=config,
                outgoing=Outgoing(config, resolve=local, context=context),
                log=LogLines(),
            )
            if context is None:
                with pytest.raises(OutgoingFailed, match="CERTIFICATE_VERIFY_FAILED"):
                    channel.send(message())
            else:
                channel.send(message())
    assert 1 == len(box.mails)


def test_a_mail_that_is_refused_failed():
    """What the server says is in the message."""
    with mail() as (box, port):
        box.answers = ["451 try later"]
        with pytest.raises(OutgoingFailed, match="try later"):
            opened("email", Owner(email="ops@example.com"), mail_config(port, tls="none")).send(
                message()
            )


def test_who_logs_in_has_a_password():
    """From the environment."""
    seen = []

    def check(server, session, envelope, mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    with mail(auth_require_tls=False, authenticator=check) as (box, port):
        config = mail_config(port, tls="none", user="u", password_env="PASSWORD")
        owner = Owner(email="ops@example.com")
        opened("email", owner, config, {"PASSWORD": "p ssword"}).send(message())
    assert 1 == len(box.mails)
    assert [(b"u", b"p ssword")] == seen


def test_a_line_in_the_log_steers_no_terminal(capsys):
    """It is one line of JSON."""
    opened("log", Owner(), DeliveryConfig()).send(message())
    line = capsys.readouterr().err
    assert 1 == line.count("\n")
    said = json.loads(line)
    assert ("alert-opened", "late", "ops") == (said["event"], said["rule"], said["owner"])


def test_what_is_told_of_each_event():
    """Enough to know where and how much without looking."""
    journal = MemoryJournal(channels=channels)
    told = msgspec.structs.replace(finding(0, fires=True), value=0.31, reference=0.2)
    judge(journal, 0, told, now_us=1)
    judge(journal, 1, finding(1, fires=False), now_us=HOUR_US)
    alert, items = journal.alerts()[0], journal.deliveries()
    first, last = (
        Message.of(alert, next(i for i in items if i.event == event), project="p")
        for event in ("opened", "resolved")
    )
    assert "[p] opened: late of flights (origin=JFK)" == first.subject
    assert "positive_rate was 0.31, against 0.2: an effect of 0.2." in first.text
    assert "1970-01-01 00:00" in first.text
    assert "over after 1 windows, at worst 0.2" in last.text
