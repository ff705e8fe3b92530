"""Papers and passages: reading, chunking, embedding, storing and finding them.

Owns what a paper is and where its text lives. Refuses to know about questions in conversation,
language models' prompts and screens; those are `assistant` and `ui`, which import this package and
are never imported by it.
"""

import os

# One search multiplies small matrices, for which waking OpenBLAS's threads costs more than they save: twice
# the processor's time, and on a busy machine several times the wait. It reads this when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
