"""How a running server is watched: figures, log lines, and whether it lives and is ready."""
