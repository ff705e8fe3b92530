"""Models that settings name as `provider:model`: which providers there are, and who makes their models.

Owns the lookup that every sort of model shares, built-in providers first and then those that other packages
bring as entry points, and whether the packages are there that one needs. Refuses to know what a model does,
and imports none of the packages it asks after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Generic, TypeVar

from index.errors import ExtraMissing, SettingsError

Factory = TypeVar("Factory")
"""What makes a model of its name; the same for all providers of one sort."""


@dataclass(frozen=True)
class Providers(Generic[Factory]):
    """The providers of one sort of model: `noun` in words, `group` of entry points, an `example` of a whole name."""

    noun: str
    group: str
    example: str
    built_in: Mapping[str, Factory]

    def find(self, spec: str) -> tuple[Factory, str]:
        """What makes the model that `provider:model` names, and the model's name.

        Raises SettingsError for a provider that is not known, with those that are, and where no model is named.
        """
        provider, _, model = spec.partition(":")
        factory = self.built_in.get(provider) or self._third_party(provider)
        if not model:
            raise SettingsError(
                f"{self.noun} {spec!r} names no model; write provider:model, as in {self.example}"
            )
        return factory, model

    def _third_party(self, provider: str) -> Factory:
        found = {point.name: point for point in entry_points(group=self.group)}
        if provider not in found:
            known = ", ".join(sorted({*self.built_in, *found}))
            raise SettingsError(f"unknown provider {provider!r} of {self.noun}s. Known: {known}")
        factory: Factory = found[provider].load()
        return factory


def require(spec: str, extra: str, *modules: str) -> None:
    """ExtraMissing, which names the extra, unless all modules are installed; imports none of them."""
    for module in modules:
        try:
            present = find_spec(module) is not None
        except ModuleNotFoundError:  # not even what it lies in
            present = False
        if not present:
            raise ExtraMissing(spec, extra)
