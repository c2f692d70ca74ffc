"""The journal, on disk and in memory: the laws, and what only a file can get wrong."""

import sqlite3
import threading

import pytest

from interplane.errors import NewerFormat, StorageError
from interplane.monitoring.alerts.journal import SqliteJournal
from interplane.testing import journal_laws
from interplane.testing.journal_laws import channels, finding, judge
from interplane.testing.memory_journal import MemoryJournal


@pytest.fixture(params=["sqlite", "memory"])
def journal(request, tmp_path):
    """An empty journal."""
    made = (
        SqliteJournal(tmp_path / "journal.sqlite", channels=channels)
        if request.param == "sqlite"
        else MemoryJournal(channels=channels)
    )
    yield made
    made.close()


@pytest.mark.parametrize("law", journal_laws.LAWS, ids=lambda law: law.__name__)
def test_laws(law, journal):
    """Every journal passes every law."""
    law(journal)


def test_another_process_sees_the_same(tmp_path):
    """Two handles on one file are one journal."""
    first = SqliteJournal(tmp_path / "journal.sqlite", channels=channels)
    second = SqliteJournal(tmp_path / "journal.sqlite", channels=channels)
    judge(first, 0, finding(0, fires=True))
    assert first.alerts() == second.alerts()
    assert not judge(second, 0, finding(0, fires=True))
    first.close()
    second.close()


def test_many_at_once_judge_a_window_once(tmp_path):
    """Whoever comes first writes it down; nobody is refused."""
    SqliteJournal(tmp_path / "journal.sqlite").close()
    told = []

    def work():
        journal = SqliteJournal(tmp_path / "journal.sqlite", channels=channels)
        told.append([judge(journal, hour, finding(hour, fires=True)) for hour in range(20)])
        journal.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [1] * 20 == [sum(answers) for answers in zip(*told, strict=True)]


def test_another_file_is_refused(tmp_path):
    """It is left as it is."""
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE something (x)")
    with pytest.raises(StorageError, match="journal"):
        SqliteJournal(path)


def test_a_newer_one_is_refused(tmp_path):
    """Nothing is changed."""
    path = tmp_path / "journal.sqlite"
    SqliteJournal(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE journal SET format = 99")
    connection.commit()
    connection.close()
    with pytest.raises(NewerFormat, match="format 99"):
        SqliteJournal(path)
