"""Faces: the command line, the pages and the interfaces for programs, all rendering the same `Answer`.

Refuses to know about Chroma, SQL and prompts.
"""
