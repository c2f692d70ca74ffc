"""`interplane verify`: sound, or where the damage is."""

import pytest


def blobs(folder):
    """Return the files of blobs."""
    return sorted(path for path in (folder.root / ".interplane/blobs").rglob("*") if path.is_file())


def damage(path):
    """Change the last bit of a file that nobody should write."""
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_a_finished_project_is_sound_without_orphans(finished):
    """Every name leads to something, and everything is named."""
    assert finished.must("verify").out.startswith("sound: read ")
    report = finished.must("verify", "--json").json
    assert {"sound", "entries", "values", "blobs", "size_bytes", "damage", "orphans"} == set(report)
    assert (True, [], []) == (report["sound"], report["damage"], report["orphans"])


@pytest.mark.parametrize("which", [0, -1])
def test_a_damaged_blob_is_found_and_named(which, finished):
    """With exit code 6, and who needs it."""
    path = blobs(finished)[which]
    damage(path)
    result = finished("verify")
    assert 6 == result.code
    assert "DAMAGED in 1 places" in result.out
    assert path.name in result.out
    found = finished("verify", "--json")
    assert 6 == found.code
    assert [("blob", path.name)] == [(item["kind"], item["name"]) for item in found.json["damage"]]
    assert found.json["damage"][0]["needed_by"]


def test_a_damaged_blob_is_never_handed_out(finished):
    """Reading it says what to do, and after that the same command works."""
    kept = {path: path.read_bytes() for path in blobs(finished)}
    for path in kept:
        damage(path)
    result = finished("predict", "rides@live", "--out", "scored")
    assert 6 == result.code
    assert "are not those that it is named by" in result.err
    assert "back from a copy" in result.err
    for path, content in kept.items():
        path.write_bytes(content)
    finished.must("predict", "rides@live", "--out", "scored")
    finished.must("verify")


def test_a_missing_blob_is_found(finished):
    """And what was made of it can be made again."""
    path = blobs(finished)[0]
    path.unlink()
    result = finished("verify")
    assert 6 == result.code
    assert f"missing {path.name}" in result.out


def test_a_catalog_that_is_none_is_refused(finished):
    """Never taken for an empty one."""
    path = finished.root / ".interplane/catalog.sqlite"
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    path.write_bytes(b"something else, and long enough to be read as a header" * 20)
    for words in (("models",), ("verify",), ("data", "add", "rides", "rides.csv")):
        result = finished(*words)
        assert 6 == result.code
        assert "Error (" in result.err
        assert "Traceback" not in result.err
