"""Who may use a server: users, their passwords, sessions and tokens, and an organisation's own sign-in."""
