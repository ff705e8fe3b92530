"""The digest page, and the same digest as a feed, as an e-mail, as Markdown and as data."""
