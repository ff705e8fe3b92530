"""Reading, cutting and embedding on the workers of a Ray cluster, for one process that stores.

Ray (an extra) is imported in `cluster` and `pipeline` only, inside what is called with an address. What workers do is
plain Python: `errands`.
"""
