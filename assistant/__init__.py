"""Questions and answers: what is asked, what the papers say, and the proof that they say it.

Owns conversation, evidence, composition and citations. Refuses to know about Gradio, argument
parsing and how papers are stored; it asks `index` for passages.
"""
