"""What a project tells of a crossing, or of two data versions, on pages and in files of their own."""
