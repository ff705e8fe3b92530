"""The door to language models: whichever is plugged in, asked and bounded in the same way.

Owns messages out and replies back: providers, deadlines, retries, limits, the cache, what was spent, keys.
Refuses to know papers, passages and prompts. Nothing here is imported unless a model is configured, except
the settings; an integration is imported with its first call.
"""
