"""Metrics, slices, intervals, comparison, gates."""
