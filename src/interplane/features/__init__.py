"""Features written once: fit, freeze, transform, row, parity."""
