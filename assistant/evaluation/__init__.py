"""Evaluation: how well the library finds and the assistant answers, on sets of questions with known answers.

Read in the order of a run: `sets` finds the questions, `corpora` their papers, `systems` rank, `ranking`,
`answers` and `refusal` measure, `evaluate` runs it all, `compare` sets two runs side by side. `own` draws
questions from the user's papers; `speed` measures time and memory. Nothing here prints for people, except
`speed`, which is run by itself.
"""
