"""The command line: its verbs, what they print, and the reference pages written from them."""
