"""Papers and passages: reading, chunking, embedding, storing and finding them.

Owns what a paper is and where its text lives. Refuses to know about questions in conversation,
language models' prompts and screens; those are `assistant` and `ui`, which import this package and
are never imported by it.
"""
