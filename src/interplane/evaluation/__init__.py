"""Evaluation: metrics, slices, intervals, comparison with the champion, gates."""
