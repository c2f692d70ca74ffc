"""Typed expressions, the table of operations, the emitters. No I/O."""
