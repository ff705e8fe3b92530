"""Papers fetched when a user asks for them by arXiv id, DOI or web address.

Owns what leaves this machine for that, and to whom. What comes back is laid down as files, which are read as any
file of a stranger's is: by the sandboxed readers. Refuses to know libraries.
"""
