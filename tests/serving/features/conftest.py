"""Tests here import each other."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = ["feast_program.py"]
"""A program of an interpreter that has Feast."""
