"""Watching models: windows over the prediction log, rules over windows, alerts over rules."""
