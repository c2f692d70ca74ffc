"""Triggers: what starts a run by itself, and how it is started once."""
