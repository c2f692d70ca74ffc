"""Trips: one set of rows and features, as ours and as others would write them."""
