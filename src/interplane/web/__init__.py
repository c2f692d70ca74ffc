"""The pages and the control API: one declaration a page, rendered, as JSON, and described."""
