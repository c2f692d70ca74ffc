"""The prediction log: frames, segments, compaction; the server imports only the writing half."""
