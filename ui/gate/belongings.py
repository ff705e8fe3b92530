"""What in Gradio belongs to whom: sessions, events, uploads, while this process knows of them.

Gradio gives whatever is named to whoever names it. Here a name is somebody's from the first time he uses it, or
from when he was given it, and nobody else's then. Each holder is remembered a bounded number of names, his oldest
go first, so that nobody can make the server forget what is another's.
"""

from __future__ import annotations

from collections import OrderedDict

MOST = 2000


class Claims:
    """Names that have one holder each: whoever came first."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._holders: dict[str, str] = {}
        self._names: dict[str, OrderedDict[str, None]] = {}

    def claim(self, holder: str, name: str) -> bool:
        """Whether a name is the holder's; one that was nobody's is from now on."""
        if self._holders.setdefault(name, holder) != holder:
            return False
        names = self._names.setdefault(holder, OrderedDict())
        names[name] = None
        names.move_to_end(name)
        while len(names) > self.most:
            gone, _ = names.popitem(last=False)
            del self._holders[gone]
        return True


class Holdings:
    """Names that were given out; two may have been given the same."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._names: dict[str, OrderedDict[str, None]] = {}

    def give(self, holder: str, name: str) -> list[str]:
        """From now on it is his too; the names that he holds no longer."""
        names = self._names.setdefault(holder, OrderedDict())
        names[name] = None
        names.move_to_end(name)
        return [names.popitem(last=False)[0] for _ in range(len(names) - self.most)]

    def holds(self, holder: str, name: str) -> bool:
        return name in self._names.get(holder, ())

    def of(self, holder: str) -> list[str]:
        """All that he holds, oldest first."""
        return list(self._names.get(holder, ()))
