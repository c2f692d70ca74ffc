"""Decides about canaries again and again until it is killed: FOLDER. It says when there is none."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.project.canaries import decide_rollouts


def main(root):
    with trips.opened(root) as project:
        os.write(1, b"begun\n")
        while decide_rollouts(project):
            os.write(1, b"looked\n")
        os.write(1, b"done\n")


if __name__ == "__main__":
    main(sys.argv[1])
