"""A server that plays a language model from a script, over real HTTP, in the dialects of real ones.

For tests, and for trying Ibid without a model: `python -m assistant.models.rehearsal`. Owns what the
servers of OpenAI, Anthropic and Ollama put on the wire, and the ways in which they fail. Refuses to know
the door it is used to test: what arrives there, arrives over a socket.
"""
