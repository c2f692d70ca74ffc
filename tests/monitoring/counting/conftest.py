"""Rows in the form of the log, and how a person would count them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
