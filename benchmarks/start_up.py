"""Start-up: `interplane --help` and `import interplane`, beside bare Python."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import Row, best_times


def run() -> list[Row]:
    """Whole processes, in milliseconds."""

    def process(*arguments: str):
        return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    times = best_times(
        {
            "help": process("-m", "interplane.cli.main", "--help"),
            "import": process("-c", "import interplane"),
            "click": process(
                "-c",
                "import click; click.Group('x', help='y').main(['--help'], standalone_mode=False)",
            ),
            "python": process("-c", "pass"),
        },
        repeats=15,
    )
    milliseconds = {name: value * 1000 for name, value in times.items()}
    return [
        Row(
            "interplane --help",
            "ms",
            milliseconds["help"],
            {"bare Python": milliseconds["python"], "an empty click group": milliseconds["click"]},
        ),
        Row(
            "import interplane",
            "ms",
            milliseconds["import"],
            {"bare Python": milliseconds["python"]},
        ),
    ]
