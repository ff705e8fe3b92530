"""How the catalog's tables came to be what they are; run by `index.migrate`."""
