"""The composition root: reads configuration, wires stores and executors."""
