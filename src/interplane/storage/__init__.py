"""Catalogs and blobs behind small protocols."""
