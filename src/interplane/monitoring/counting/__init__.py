"""From rows of the prediction log to tallies, hour by hour, kept and re-stated."""
