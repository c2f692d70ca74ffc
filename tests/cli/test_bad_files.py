"""Bad files, tried as a new user would: one clear message, and nothing is lost."""

import zipfile

import pytest

HEADER = "ride,began_at,zone,miles,payment,long\n"


def refused(folder, *words, code=3):
    """Call a command that has to be refused; return its message."""
    result = folder(*words)
    assert code == result.code, result
    assert result.err.startswith("Error ("), result.err
    assert "Traceback" not in result.err
    assert 1 == len(result.err.splitlines()), result.err
    return result.err


def unharmed(folder):
    """Check that the dataset is as it was, and takes good rows."""
    assert 1 == folder.must("data", "list", "--json").json[0]["number"]
    folder.write("good.csv", f"{HEADER}q1,2026-01-29T00:00:00,north,3.5,card,true\n")
    assert 241 == folder.must("data", "add", "rides", "good.csv", "--append", "--json").json["rows"]
    assert folder.must("verify", "--json").json["sound"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty. Expected a header and rows"),
        ("a,b\n", "line 1: there is a header of 2 columns and no row"),
        ("a,b\n1,2\n3,4,5\n6\n", "line 3 (byte 8): the row has 3 fields. Expected 2"),
        ("a,a\n1,2\n", "'a'"),
        ('a,b\n"1,2\n', "line 2"),
        (b"a,b\n1,caf\xe9\n", "the bytes e9 are no utf-8"),
    ],
    ids=["empty", "header", "ragged", "twice", "quote", "latin-1"],
)
def test_a_text_file_that_cannot_be_read_exactly(text, said, finished):
    """The message has file, line, reason and what to do."""
    content = text if isinstance(text, bytes) else text.encode()
    (finished.root / "bad.csv").write_bytes(content)
    message = refused(finished, "data", "add", "rides", "bad.csv")
    assert "Error (unreadable-file): bad.csv" in message
    assert said in message
    unharmed(finished)


def test_a_latin_1_file_can_be_read_as_the_message_says(empty):
    """What to do is what works."""
    (empty.root / "bad.csv").write_bytes(b"a,b\n1,caf\xe9\n")
    message = refused(empty, "data", "add", "cafes", "bad.csv")
    assert "--option encoding='windows-1252'" in message
    empty.must("data", "add", "cafes", "bad.csv", "--option", "encoding=windows-1252")


@pytest.mark.parametrize("name", ["bad.parquet", "bad.arrow", "bad.zip"])
def test_a_file_that_is_not_what_its_name_says(name, finished):
    """Nothing is guessed."""
    finished.write(name, "nonsense")
    assert name in refused(finished, "data", "add", "rides", name)
    unharmed(finished)


def test_an_archive_of_two_files_is_refused(finished):
    """Which one would it be?"""
    with zipfile.ZipFile(finished.root / "two.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")
    assert "two.zip" in refused(finished, "data", "add", "rides", "two.zip")


def test_a_missing_file_is_looked_up_from_somewhere(finished):
    """The message says from where."""
    message = refused(finished, "data", "add", "rides", "nope.csv", code=2)
    assert "there is no file 'nope.csv'" in message
    assert str(finished.root) in message
    unharmed(finished)


def test_a_folder_is_no_file(finished):
    """It says how to add several."""
    assert "'.' is no file" in refused(finished, "data", "add", "rides", ".", code=2)


def append(folder, *rows, header=HEADER):
    """Append rows that have to be refused; return the message."""
    folder.write("later.csv", header + "".join(f"{row}\n" for row in rows))
    return refused(folder, "data", "add", "rides", "later.csv", "--append")


def test_another_type_in_a_later_file(finished):
    """Names the column; as the message says, with its type the line is found."""
    row = "q1,2026-01-02T00:00:00,north,far,card,true"
    message = append(finished, row)
    assert "'miles' is str instead of float" in message
    assert "--option types.COLUMN=TYPE" in message
    words = ("data", "add", "rides", "later.csv", "--append", "--option", "types.miles=float")
    message = refused(finished, *words)
    assert "line 2" in message
    assert "'far'" in message
    unharmed(finished)


def test_a_missing_column_and_a_new_one(finished):
    """Each by name."""
    short = "ride,began_at,zone,miles,payment\n"
    message = append(finished, "q1,2026-01-02T00:00:00,north,1.0,card", header=short)
    assert "'long' is missing" in message
    wide = HEADER.replace("long", "long,tip")
    message = append(finished, "q1,2026-01-02T00:00:00,north,1.0,card,true,3", header=wide)
    assert "'tip' is new" in message
    unharmed(finished)


def test_rows_that_break_their_schema(finished):
    """Every broken rule is listed with examples, the message counts them."""
    finished.write("later.csv", f"{HEADER}r1,2026-01-02T00:00:00,mars,-1.0,card,\n")
    result = finished("data", "add", "rides", "later.csv", "--append")
    assert 3 == result.code
    for line in (
        "ride is unique: values that repeat in 1 row (for example 'r1')",
        "zone one of 'north', 'south', 'west': other values in 1 row (for example 'mars')",
        "miles at least 0.0: values below it in 1 row (for example -1.0)",
        "long null in at most 0% of rows: nulls (0.415%) in 1 row",
    ):
        assert line in result.out
    assert "Error (schema-broken): dataset 'rides' breaks its schema" in result.err
    assert "3 more rules are broken" in result.err
    assert "Nothing was changed" in result.err
    unharmed(finished)


def test_a_breach_has_one_shape_for_programs(finished):
    """On standard error, with the code of the error."""
    import json

    finished.write("later.csv", f"{HEADER}r1,2026-01-02T00:00:00,mars,-1.0,card,\n")
    result = finished("data", "add", "rides", "later.csv", "--append", "--json")
    assert (3, "") == (result.code, result.out)
    error = json.loads(result.err)["error"]
    assert {"code", "what", "expected", "do", "details"} == set(error)
    assert "schema-broken" == error["code"]


def test_a_wrong_schema_file(finished):
    """Names file, key and what may stand there."""
    text = (finished.root / "schemas/rides.toml").read_text()
    finished.write("schemas/rides.toml", text.replace("nulls = 0\n", "nuls = 0\n", 1))
    message = refused(finished, "data", "check", "rides", code=2)
    assert "rides.toml" in message
    assert "Did you mean 'nulls'?" in message
    finished.write("schemas/rides.toml", "format = ")
    assert "rides.toml" in refused(finished, "data", "check", "rides", code=2)
    assert "rides.toml" in refused(finished, "run", code=2)
    finished.write("schemas/rides.toml", text)
    unharmed(finished)


def test_options_that_do_not_exist(finished):
    """Named, with those that do."""
    words = ("data", "add", "rides", "rides.csv", "--option")
    assert "Did you mean 'delimiter'?" in refused(finished, *words, "delimeter=;", code=2)
    assert "--option 'delimiter' has no value" in refused(finished, *words, "delimiter", code=2)
