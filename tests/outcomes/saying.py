"""A program that adds outcomes until it is killed: PATH FIRST SEED; each line is what was acknowledged."""

import json
import os
import random
import sys
from pathlib import Path

from interplane.outcomes.store import SqliteOutcomes
from interplane.testing.outcome_laws import by_id


def main(path, first, seed):
    """Add some at a time, as rows or in columns, some of them again; pack now and then."""
    draw = random.Random(int(seed))
    store = SqliteOutcomes(Path(path))
    number = int(first)
    while True:
        numbers = [*range(max(number - draw.randrange(4), 0), number + draw.randrange(1, 6))]
        given = [by_id(n, n % 2 == 0, known_at_us=n) for n in numbers]
        store.add(given, bulk=draw.random() < 0.3)
        os.write(1, f"{json.dumps(numbers)}\n".encode())
        number = numbers[-1] + 1
        if draw.random() < 0.2:
            store.pack(at_least=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
