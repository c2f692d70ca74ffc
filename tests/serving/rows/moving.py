"""Moves the pointer of a model to and fro, in a process of its own: FOLDER MOVES DIGEST…"""

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from interplane.record import Digest
from interplane.storage.names import named_pointer
from interplane.storage.workspace import open_workspace


def main(folder, moves, *digests):
    """Move as often, through all of the digests in turn."""
    store = open_workspace(Path(folder))
    writer = store.catalog.writer("mover")
    for digest in itertools.islice(itertools.cycle(digests), int(moves)):
        draft = store.draft()
        draft.move(named_pointer("model", "flights", "live"), Digest(digest), reason="to and fro")
        store.commit(draft, writer=writer)
        time.sleep(0.005)


if __name__ == "__main__":
    main(*sys.argv[1:])
