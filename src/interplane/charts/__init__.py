"""Pictures as values: shapes with places, made by pure functions and written by templates."""
