"""One lock for each file: among processes, among threads, and inside one thread."""

import gc
import os
import subprocess
import sys
import threading
import time

from interplane.storage.file_lock import FileLock
from interplane.storage.workspace import create_workspace, open_workspace

WAIT = """
import sys, time
from pathlib import Path
from interplane.storage.file_lock import FileLock
with FileLock.of(Path(sys.argv[1])).held(until=time.monotonic() + float(sys.argv[2])) as got:
    print(got)
"""


def in_a_process(path, patience_s):
    """Return whether another process gets the lock."""
    words = [sys.executable, "-c", WAIT, str(path), str(patience_s)]
    return (
        "True" == subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    )


def held(lock, patience_s=0.0):
    """Hold a lock for a while."""
    return lock.held(until=time.monotonic() + patience_s)


def test_another_process_waits_for_it(tmp_path):
    """And gets it when it is free."""
    path = tmp_path / "lock"
    with held(FileLock.of(path)) as got:
        assert got
        assert not in_a_process(path, 0.05)
    assert in_a_process(path, 5)


def test_another_thread_waits_for_it(tmp_path):
    """The file's lock is the process's, so threads need one of their own."""
    lock = FileLock.of(tmp_path / "lock")
    found = []

    def ask():
        with held(lock, 0.05) as got:
            found.append(got)

    for during in (True, False):
        thread = threading.Thread(target=ask)
        if during:
            with held(lock):
                thread.start()
                thread.join()
        else:
            thread.start()
            thread.join()
    assert [False, True] == found


def test_the_thread_that_has_it_may_take_it_again(tmp_path):
    """By another name of the same file, too; others get it only when both are done."""
    path = tmp_path / "lock"
    with held(FileLock.of(path)):
        with held(FileLock.of(tmp_path / "." / "lock")) as again:
            assert again
        assert not in_a_process(path, 0.05)
    assert in_a_process(path, 5)


def test_the_file_is_let_go_with_the_last_who_knows_the_lock(tmp_path):
    """No descriptor stays open."""
    path = tmp_path / "lock"
    lock = FileLock.of(path)
    handle = lock._handle
    assert os.path.sameopenfile(handle, handle)
    del lock
    gc.collect()
    assert all(key[1] != str(path) for key in FileLock._known)


def test_a_forgotten_catalog_may_be_collected_in_the_middle_of_a_write(tmp_path):
    """The collector runs where it likes: it must not wait for the write that it interrupts."""
    forgotten = create_workspace(tmp_path / "ws")
    forgotten.catalog.writer("a")
    kept = open_workspace(tmp_path / "ws")
    began = time.monotonic()

    def collect_inside(_connection):
        forgotten.catalog.close()

    kept.catalog._connections.write(collect_inside)
    assert time.monotonic() - began < 5
    assert kept.catalog.writer("b").fence > 1


def test_a_process_that_forgets_to_close_ends_quietly(tmp_path):
    """What is left open is closed at the end, in an order that works."""
    script = (
        "import sys; from pathlib import Path\n"
        "from interplane.storage.workspace import create_workspace\n"
        "store = create_workspace(Path(sys.argv[1]))\n"
        "store.catalog.writer('a')\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "ws")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ("", "") == (done.stdout, done.stderr)
