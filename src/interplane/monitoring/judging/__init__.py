"""From counts and rules to findings: effects, valid bounds of chance, one budget."""
