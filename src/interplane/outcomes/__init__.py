"""What comes true after a prediction: kept durably, matched to predictions by id or by key."""
