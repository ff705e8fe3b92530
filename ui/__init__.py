"""Faces: the command line and the chat page, both rendering the same `Answer`.

Refuses to know about Chroma, SQL and prompts.
"""
