"""The loop's part of the project file: what it may say, and what it says when it is wrong."""

import pytest

from interplane.errors import ConfigError
from interplane.monitoring.alerts.owners import DeliveryConfig, Owner, Smtp
from interplane.monitoring.triggers.trigger import Trigger
from interplane.project.config import read_config
from interplane.project.config_monitoring import MonitoringConfig

WHOLE = """
name = "flights"

[monitoring]
false_alarms = 0.01
lateness = "30m"
keep_days = 30
horizon = "7d"
expressions = "slices:expressions"

[[monitor]]
name = "late"
model = "flights"
metric = "positive_rate"
against = { same = "hour-of-week", weeks = 4 }
moves_by = 0.03
owner = "operations"
then = "run:flights"

[owners.operations]
webhook = "https://hooks.example.com/x?y=1"
token_env = "HOOK_TOKEN"
email = "ops@example.com"

[delivery]
allow_hosts = ["hooks.example.com"]
smtp = { host = "mail.example.com", from = "interplane@example.com" }

[[trigger]]
name = "nightly"
run = "flights"
schedule = "0 3 * * *"
parameters = { until = "$day-14d", "model.num_leaves" = 31 }

[[trigger]]
name = "fresh"
run = "flights"
data = "flights"
debounce = "6h"
busy = "skip"
missed = "each"
"""


def read(folder, text):
    """Write a project file and read it."""
    path = folder / "interplane.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path)


def test_all_of_it(tmp_path):
    """Every section becomes a value."""
    config = read(tmp_path, WHOLE)
    assert (
        MonitoringConfig(
            false_alarms=0.01,
            lateness="30m",
            keep_days=30,
            horizon="7d",
            expressions="slices:expressions",
        )
        == config.monitoring
    )
    assert ["late"] == list(config.rules)
    assert "flights" == config.rules["late"].then.run
    owner = Owner(
        webhook="https://hooks.example.com/x?y=1", token_env="HOOK_TOKEN", email="ops@example.com"
    )
    assert {"operations": owner} == config.owners
    assert ("log", "webhook", "email") == owner.channels
    assert (
        DeliveryConfig(
            allow_hosts=("hooks.example.com",),
            smtp=Smtp(host="mail.example.com", sender="interplane@example.com"),
        )
        == config.delivery
    )
    assert (
        Trigger(
            name="nightly",
            run="flights",
            schedule="0 3 * * *",
            parameters={"until": "$day-14d", "model.num_leaves": 31},
        ),
        Trigger(
            name="fresh", run="flights", data="flights", debounce="6h", busy="skip", missed="each"
        ),
    ) == config.trigger


def test_none_of_it(tmp_path):
    """A project without monitors has the defaults."""
    config = read(tmp_path, 'name = "flights"')
    assert (MonitoringConfig(), (), {}, DeliveryConfig(), ()) == (
        config.monitoring,
        config.monitor,
        config.owners,
        config.delivery,
        config.trigger,
    )


RULE = '[[monitor]]\nname = "r"\nmodel = "m"\nmetric = "traffic"\nat_least = 1\n'
TRIGGER = '[[trigger]]\nname = "t"\nrun = "flights"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("monitoring = 3", r"expected a table \[monitoring\]"),
        ("[monitoring]\nlatenes = 3", "Did you mean 'lateness'"),
        ("[monitoring]\nlateness = 3", r"`\$\.lateness`"),
        ('[monitoring]\nlateness = "soon"', "such as 2h or 30d"),
        ('[monitoring]\nhorizon = "1h"', "more than lateness"),
        ("[monitoring]\nfalse_alarms = 1.5", "between 0 and 1"),
        ("[monitoring]\nkeep_days = 0", "1 or more"),
        ('[monitoring]\nexpressions = "slices"', "module:attribute"),
        ("[monitor]\nname = 1", r"tables \[\[monitor\]\]"),
        ("[trigger]\nname = 1", r"tables \[\[trigger\]\]"),
        (f'{RULE}owner = "ops"', "the owner 'ops'"),
        (f'{RULE}owner = "ops"\n[owners.opps]', "Did you mean 'opps'"),
        ("owners = 3", r"\[owners.NAME\]"),
        ("[owners.ops]\nmail = 3", "no setting 'mail'"),
        ('[owners.ops]\nemail = "ops"', "one address"),
        ('[owners.ops]\nemail = "a@b, c@d"', "one address"),
        ('[owners.ops]\nemail = "ops@example.com"', "no mail server"),
        ('[owners.ops]\nwebhook = "https://h/"', "h, which is not on the list"),
        ('[owners.ops]\nwebhook = "h"', "no web address"),
        ('[owners.ops]\nwebhook = "https://u:p@h/"', "a name or password in it"),
        ('[owners.ops]\nwebhook = "http://h/"\n[delivery]\nallow_hosts = ["h"]', "in the clear"),
        ('[owners.ops]\nwebhook = "https://h/"\nwebhook_env = "X"', "one of the two"),
        ("[delivery]\nallow_host = []", "Did you mean 'allow_hosts'"),
        ("[delivery]\nattempts = 0", "1 attempt or more"),
        ('[delivery]\nsmtp = { host = "h", from = "x" }', "one address"),
        ('[delivery]\nsmtp = { host = "h", from = "x@y", user = "u" }', "both, or neither"),
        ('[delivery]\nsmtp = { host = "h", from = "x@y", tls = "maybe" }', r"`\$\.smtp\.tls`"),
        (f"{TRIGGER}{TRIGGER}", "two triggers are called 't'"),
        (f'{TRIGGER}shedule = "x"', "Did you mean 'schedule'"),
        (f'{TRIGGER}schedule = "x"', "five fields"),
        (f'{TRIGGER}schedule = "61 * * * *"', "Bad minute"),
        (f'{TRIGGER}schedule = "0 0 31 2 *"', "Bad day-of-month"),
        (f'{TRIGGER}schedule = "0 3 * * *"\ndata = "flights"', "one of the two"),
        (f'{TRIGGER}debounce = "a while"', "30m, 6h or 1d"),
        (f'{TRIGGER}parameters = {{ until = "$noon" }}', r"\$day or \$hour"),
        (f"{TRIGGER}parameters = {{ until = 2013-01-01 }}", "dates as text"),
        (f'{TRIGGER}parameters = {{ "a b" = 1 }}', "no hyperparameter"),
        (f'{TRIGGER}busy = "wait"', r"`\$\.busy`"),
        ('[[trigger]]\nname = "A b"\nrun = "x"', "cannot name a trigger"),
        (f'{RULE}then = "run:x"\n[[trigger]]\nname = "r"\nrun = "x"', "a name of its own"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    """Each wrong file gives one message with the place and what to do."""
    with pytest.raises(ValueError, match=f"(?i){said}"):
        read(tmp_path, f'name = "a"\n{text}')


def test_a_secret_is_not_in_the_message(tmp_path):
    """An address may open a channel by itself: only its host is said."""
    text = 'name = "a"\n[owners.ops]\nwebhook = "https://example.com/s3cret"'
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    assert "s3cret" not in str(raised.value)
