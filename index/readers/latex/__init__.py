"""LaTeX source: a paper as its author wrote it."""
