"""The words of English that hold a sentence together and say nothing of what it is about."""

from __future__ import annotations

_LISTED = """
a about above after again all also am an and another any anybody anyone anything are as at be because
been before being below between both but by can cannot could did do does doing done down during each
either else enough ever every everything few for from further get gets getting give given gives go
goes going got had has have having he her here hers him his how however i if in instead into is it
its itself just let lets like made make makes making many may me might more most much must my need
needs neither no nobody none nor not nothing now of off on once one ones only onto or other others
our ours out over own per please quite rather really said same say says see she should show shows
since so some somebody someone something soon still such take taken takes tell tells than that the
their theirs them themselves then there these they thing things this those though through to together
too toward towards under until up upon us use used uses using very via want was way ways we well were
what whatever when where whether which while who whom whose why will with within without would yes
yet you your yours
"""
FUNCTION_WORDS = frozenset(_LISTED.split())
"""In lower case; with auxiliaries and the small change of questions, such as "give" and "show"."""
