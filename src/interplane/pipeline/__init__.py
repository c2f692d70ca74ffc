"""The code plane: steps, graph, fingerprint, plan, run, executors, the making of a crossing."""
