"""Public contract suites and in-memory stores."""
