"""The revisions of conversations' tables: each adds what a library of the one before has not."""
