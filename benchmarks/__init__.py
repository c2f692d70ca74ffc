"""Benchmarks: ours, what a user would pick instead, and the limit, in one run."""
