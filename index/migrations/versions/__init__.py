"""The catalog's revisions: each adds what a library of the one before has not."""
