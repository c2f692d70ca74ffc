"""Alerts: episodes of a cell, and what is kept and told of them."""
