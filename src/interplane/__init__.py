"""Interplane: the controlled bridge between code and data."""
