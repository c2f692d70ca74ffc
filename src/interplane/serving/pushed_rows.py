"""The form of pushed rows, and of the answer to them: one row, or many, each for itself.

``{"event": {…}}`` or ``{"events": [{…}, …]}``. The answer counts what was taken. If a row is refused
the status is 422, also where others were taken: nobody loses a row without noticing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import RequestRejected, did_you_mean
from interplane.serving.answers import error_item
from interplane.serving.ports import Answer
from interplane.serving.refusals import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["json_answer", "open_rows", "pushed_answer"]

_OK: Final = 200
_REFUSED: Final = 422


def open_rows(plain: Any, one: str, *, most_rows: int) -> tuple[Sequence[Any], Sequence[str]]:
    """Return the rows of a push, and their paths.

    Args:
        plain: the plain values of its JSON.
        one: what one row is called; many are called so with an ``s``.
        most_rows: how many there may be.

    Raises:
        Malformed: if it is not of the form.
        RequestRejected: if it has too many rows.

    >>> open_rows({"events": [{"x": 1}]}, "event", most_rows=9)
    ([{'x': 1}], ['$.events[0]'])
    """
    many = f"{one}s"
    if not isinstance(plain, dict):
        raise _malformed(f"the request is {plain!r:.60}", one)
    for name in plain:
        if name not in {one, many}:
            raise _malformed(
                f"the request has {name!r:.60} at $",
                one,
                do=f"{did_you_mean(name[:60], (one, many))}Put the columns of a row into {one}",
            )
    if len(plain) != 1:
        raise _malformed(
            f"the request has {f'both {one} and {many}' if plain else f'no {many}'}", one
        )
    if one in plain:
        return [plain[one]], [f"$.{one}"]
    rows = plain[many]
    if not isinstance(rows, list):
        raise _malformed(f"{rows!r:.60} at $.{many}", one, path=f"$.{many}")
    if len(rows) > most_rows:
        raise RequestRejected(
            f"{len(rows):,} rows at $.{many}",
            expected=f"at most {most_rows:,}",
            do="Send them in several requests",
            path=f"$.{many}",
        )
    return rows, [f"$.{many}[{place}]" for place in range(len(rows))]


def _malformed(
    what: str, one: str, *, do: str = "Correct the request", path: str = "$"
) -> Malformed:
    form = f'{{"{one}": {{…}}}} or {{"{one}s": [{{…}}, …]}}'
    return Malformed(what, expected=form, do=do, path=path)


def pushed_answer(
    counts: Mapping[str, Any], refused: Mapping[int, RequestRejected], paths: Sequence[str]
) -> Answer:
    """Return the answer to rows of which some were refused, by their place."""
    if not refused:
        return json_answer(_OK, counts)
    first = next(iter(refused.values()))
    error = first.to_dict()
    if paths[0].endswith("]"):
        error["details"] = {
            **first.details,
            **counts,
            "refused": [{"index": place, **error_item(each)} for place, each in refused.items()],
        }
    return json_answer(_REFUSED, {"error": error})


def json_answer(status: int, plain: Any) -> Answer:
    """Return plain values as an answer."""
    return Answer(status, msgspec.json.encode(plain, enc_hook=str))
