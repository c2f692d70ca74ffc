"""``python -m interplane`` is the command ``interplane``."""

from __future__ import annotations

from interplane.cli.main import main

if __name__ == "__main__":
    main()
