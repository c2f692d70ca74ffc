"""One codec for each kind of artifact: how a step's output becomes bytes and comes back."""
