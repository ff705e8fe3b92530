"""How the tables of conversations came to be what they are; run by `index.migrate`."""
