"""Who may see and do what: roles, sessions, and what a request's header has to say."""
