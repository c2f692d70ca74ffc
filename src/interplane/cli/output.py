"""What commands print: JSON for programs, tables that fit the screen for people."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from interplane.evaluation.intervals import Estimate

__all__ = [
    "age",
    "figures",
    "json_option",
    "print_json",
    "print_table",
    "progress",
    "say",
    "size",
    "visible",
    "width",
]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
"""The option that every reading command takes."""


_CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}


def visible(text: str) -> str:
    r"""Return a text with its control characters written out: none of data may steer a terminal.

    >>> visible("a\x1b[31mb\nc")
    'a\\x1b[31mb\nc'
    """
    return text.translate(_CONTROLS)


def say(text: str = "") -> None:
    """Print a line for a person on standard output."""
    click.echo(visible(text))


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode())


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """Print rows under headers, numbers (``right``) aligned to the right, cut to the screen."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for header in headers:
        number = header in right
        table.add_column(header, justify="right" if number else "left", no_wrap=number)
    for row in rows:
        table.add_row(*("" if cell is None else visible(str(cell)) for cell in row))
    # Without a terminal nothing is cut: a program or a file reads it.
    width = None if sys.stdout.isatty() else 1000
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def figures(metrics: Mapping[str, Estimate]) -> str:
    """Return metrics with their intervals in one line: ``roc_auc 0.7505 [0.7439, 0.7570]``."""
    return ", ".join(
        f"{name} {item.value:.4f} [{item.low:.4f}, {item.high:.4f}]"
        for name, item in metrics.items()
    )


def width() -> int | None:
    """Return how many characters fit on a line of the terminal; None where there is none."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def size(count: float) -> str:
    """Return a number of bytes for a person.

    >>> size(2_000_000)
    '1.9 MiB'
    """
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def age(at: str, *, now: datetime | None = None) -> str:
    """Return how long ago a time was (ISO 8601, UTC).

    >>> age("2026-01-01T00:00:00Z", now=datetime(2026, 1, 1, 2, tzinfo=UTC))
    '2 h ago'
    """
    passed = ((now or datetime.now(UTC)) - datetime.fromisoformat(at)).total_seconds()
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if passed >= seconds:
            return f"{passed // seconds:.0f} {unit} ago"
    return f"{max(passed, 0):.0f} s ago"


@contextmanager
def progress(what: str) -> Iterator[Callable[[float], None]]:
    """Show a bar while a long piece of work goes on; on no terminal, show nothing.

    Yields:
        A function that is told the share that is done, from 0 to 1.
    """
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)
