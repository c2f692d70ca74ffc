"""Feature views: what is known of an entity at a moment, offline and online by one rule."""
