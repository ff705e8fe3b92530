"""Answers that a language model writes and Ibid checks.

`pipeline` goes through the steps; what can be decided without a model (reading its replies, checking its
sentences, budgets) is pure and in modules of its own. Refuses to know how a model is reached: that is
`assistant.models`.
"""
