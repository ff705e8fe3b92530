"""What anyone may do at the server's door: routes and events by class, ownership, limits, headers."""
