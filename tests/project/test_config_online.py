"""What ``[online]`` may say."""

import pytest

from interplane.errors import ConfigError
from interplane.project.config import read_config
from interplane.project.config_online import OnlineConfig, read_online


def test_it_is_read_from_the_file(tmp_path):
    """Every setting."""
    path = tmp_path / "interplane.toml"
    path.write_text(
        'name = "p"\n[online]\nstore = "redis"\nurl = "rediss://me@cache:6380/2"\n'
        'password_env = "CACHE"\ndurability = "second"\nreplicas = 1\nprefix = "p:"\n'
        "timeout_s = 0.5\n"
    )
    assert (
        OnlineConfig(
            store="redis",
            url="rediss://me@cache:6380/2",
            password_env="CACHE",
            durability="second",
            replicas=1,
            prefix="p:",
            timeout_s=0.5,
        )
        == read_config(path).online
    )


REDIS = {"store": "redis", "url": "redis://cache:6379/0"}


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (5, "online is 5"),
        ({"stroe": "redis"}, r"no setting online\.stroe"),
        ({"store": "memcached"}, "online"),
        ({"store": "redis"}, "nothing says where it is"),
        ({"url": "redis://cache"}, 'store is "sqlite"'),
        ({**REDIS, "url": "http://cache"}, r"online\.url is 'http://cache'"),
        ({**REDIS, "durability": "never"}, "durability"),
        ({**REDIS, "replicas": -1}, "replicas"),
        ({**REDIS, "timeout_s": 0}, "timeout_s"),
        ({**REDIS, "prefix": ""}, "prefix"),
        ({**REDIS, "prefix": "a\nb"}, "prefix"),
    ],
)
def test_what_makes_no_sense_is_refused(plain, why):
    """With the place."""
    with pytest.raises(ConfigError, match=why):
        read_online(plain, place="interplane.toml")


@pytest.mark.parametrize(
    "url", ["redis://me:hush@cache/0", "redis://:hush@cache", "redis://cache?password=hush"]
)
def test_a_password_in_the_file_is_refused_and_not_shown(url):
    """Files are shared; the environment is not."""
    with pytest.raises(ConfigError, match="holds a password") as caught:
        read_online({**REDIS, "url": url}, place="interplane.toml")
    assert "hush" not in str(caught.value)
