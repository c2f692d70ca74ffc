"""What the page of operations says beside its tables."""

from __future__ import annotations

from typing import Final

from interplane.expressions.refused import KINDS

__all__ = ["NOTES", "OWN", "refused_section"]

_PATTERNS = r"""
Patterns are constants. They are read by Interplane and written out for RE2, which the engine and the row program both have:

- letters; `.` is anything but a line feed; classes `[a-z_]`, `[^0-9]`; `\d` (0 to 9), `\w` (letters and digits of ASCII, `_`), `\D`, `\W`;
  `\t \n \r \f \v`; any other sign of ASCII with a backslash;
- groups `(…)` with a number, `(?:…)` without; alternatives `a|b`, the first that fits; repeats `* + ? {2} {2,} {2,5}`, with `?` behind
  them as few as possible;
- `^` is the beginning of the text, `$` its very end.

Refused: what versions of RE2, or people, read differently: `\s`, `\b`, flags, look-around, back references, names, `\p`; a repeat of what may be empty; a pattern
that fits the empty text where it replaces or counts. A search takes time in proportion to the text's length, on the engine and for a row;
counting and replacing look again behind each fit. Most patterns then still read each letter twice at most, `[a-z]+`, `(\w+)-(\w+)`, `<[^>]*>` among them.
One that may look far beyond what it takes, `a(.*b)?` or `\d+(-.*x)?`, would take the square of the length: it counts and replaces in texts of up to 5,000 bytes of
UTF-8 (fewer for patterns of many letters), and is null for longer ones.
"""

_TIME = """
`to_local` takes any zone of the IANA database, as the machine (or the package `tzdata`) has it when the expression is built. The zone's changes
become part of the expression, with the yearly rule for all years to come: what was fitted keeps them, and a server needs no database. A zone in
a column comes with the names that it may hold: `t.to_local(row.zone, zones=["America/New_York", "Europe/Paris"])`.
"""

NOTES: Final = {"Regular expressions": _PATTERNS, "Time": _TIME}
"""What stands below the table of a group."""

OWN: Final = '''\
## Of one's own

What is not there can be declared, with both its twins:

```python
@ip.operation(args=["str", "str"], result="int", sql="hamming({0}, {1})")
def hamming(one, other):
    """In how many places two texts of one length differ; null for others."""
    ...
```

`hamming(row.origin, row.dest)` is then an expression. Nulls in, null out: both twins see values only. Neither may raise an error. Where it is
declared, both are compared on more than 10,000 values of its types (`values=` adds some), and it is refused with the first that differs. Stored
features name it with the digest of its definition (SQL, the function's syntax and that of what it calls, types), and hold no code: the project
file says which modules declare such operations, `operations = ["module"]`; a server, too, refuses features whose operation is missing or another
one. Such a module should import nothing heavy, for servers import it.
'''


def refused_section() -> str:
    """Return the section of what is refused, and why.

    >>> refused_section().splitlines()[0]
    '## Refused'
    """
    lines = [
        "## Refused\n",
        "What has no exact twin for one row is refused where it is written.\n",
        "| operation | reason | instead |",
        "|---|---|---|",
    ]
    for kind in KINDS:
        names = [*kind.names, *(f"{prefix}…" for prefix in kind.prefixes)]
        cells = (", ".join(f"`{name}`" for name in names), kind.reason, kind.do)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
