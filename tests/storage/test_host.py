"""Who a process is, and whether it is still there."""

import subprocess
import sys

from interplane.storage.host import SystemHost


def test_this_process_is_here():
    """And has the same name twice."""
    host = SystemHost()
    assert host.this_process() == host.this_process()
    assert not host.is_gone(host.this_process())


def test_an_ended_process_is_gone():
    """As a zombie already, and after."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    host = SystemHost()
    from interplane.storage.host import _start

    other = host.this_process()._replace(pid=process.pid, started=_start(process.pid))
    assert not host.is_gone(other)
    process.communicate(b"\n")
    assert host.is_gone(other)


def test_a_later_process_with_the_same_number_is_another():
    """The number alone says nothing."""
    host = SystemHost()
    assert host.is_gone(host.this_process()._replace(started="1"))


def test_another_boot_is_gone_and_another_space_cannot_be_seen():
    """A reboot ends everybody; a container's processes are judged by their beats."""
    host = SystemHost()
    process = host.this_process()
    assert host.is_gone(process._replace(boot="earlier"))
    assert not host.is_gone(process._replace(space="pid:[1]", started="1"))
