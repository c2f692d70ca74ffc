"""Flavors: save, load, predict one and many; the request schema."""
