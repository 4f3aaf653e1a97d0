"""Users, sessions, API tokens and login throttling."""
