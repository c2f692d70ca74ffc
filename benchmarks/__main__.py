"""Run the benchmarks whose module names contain one of the words given, or all."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.harness import table

NOT_BENCHMARKS = {"__init__", "__main__", "false_alarms", "harness", "load", "shifts", "stationary"}


def main(words: list[str]) -> int:
    """Print each benchmark's table as it ends; --json prints one JSON list instead."""
    as_json = "--json" in words
    words = [word for word in words if not word.startswith("--")]
    folder = Path(__file__).parent
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    chosen = [name for name in names if not words or any(word in name for word in words)]
    if not chosen:
        print(f"No benchmark matches {words}. There are: {', '.join(names)}", file=sys.stderr)
        return 2
    collected = []
    if not as_json:
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians\n")
    for name in chosen:
        module = importlib.import_module(f"benchmarks.{name}")
        rows = list(module.run())
        collected += [{"benchmark": name, **asdict(row)} for row in rows]
        if not as_json:
            print(f"{name}: {(module.__doc__ or '').splitlines()[0]}\n{table(rows)}\n", flush=True)
    if as_json:
        print(json.dumps(collected, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
