"""The code plane: steps, graph, fingerprint, plan, run, executors."""
