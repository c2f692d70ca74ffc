"""Where steps run: in this process, or in a pool of warm worker processes."""
