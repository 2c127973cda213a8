"""Finds the sources: every module in `collectors/sources/` is one, by its file name. There is no list to keep."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

import collectors.sources
from collectors.records import Record
from collectors.source import Capture, Known, Request, Source, Verdict, Watch, Window
from collectors.verdicts import judge_by_status


class RegistryError(Exception):
    """A module in `collectors/sources/` is not a source; names the module and what is missing."""


@dataclass(frozen=True, slots=True)
class SourceModule:
    """One source as the engine uses it: the declaration and its functions, defaults filled in."""

    declaration: Source
    plan: Callable[[Watch, Window, Known], Iterator[Request]]
    judge: Callable[[Capture], Verdict]
    follow: Callable[[Capture, Known], Iterator[Request]] | None
    plan_sitemaps: Callable[[Watch, Sequence[str]], Iterator[Request]] | None  # for the sitemaps a host's robots.txt names
    request_for: Callable[[Watch, str], Request | None] | None  # how the watch would ask for a URL; None: not at all
    parse: Callable[[Capture], Iterator[Record]]
    canonical_target: Callable[[str], str]  # one spelling per target; ValueError says what is wrong with it
    canonical_options: Callable[[Mapping[str, Any]], dict[str, Any]]  # typed, defaults left out; ValueError likewise

    @property
    def name(self) -> str:
        return self.declaration.name

    def matches_target(self, target: str) -> bool:
        """Whether a canonical target looks as the declaration says."""
        pattern = self.declaration.target_pattern
        return not pattern or re.fullmatch(pattern, target) is not None


@cache
def sources() -> Mapping[str, SourceModule]:
    """All sources by name, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(collectors.sources.__path__) if not module.name.startswith("_"))
    return MappingProxyType({name: _load(importlib.import_module(f"collectors.sources.{name}")) for name in names})


def _load(module: ModuleType) -> SourceModule:
    name = module.__name__.rpartition(".")[2]
    missing = [part for part in ("SOURCE", "plan", "parse") if not hasattr(module, part)]
    if missing:
        raise RegistryError(f"collectors/sources/{name}.py is no source: it has no {', '.join(missing)}")
    declaration = module.SOURCE
    if not isinstance(declaration, Source) or declaration.name != name:
        raise RegistryError(f'collectors/sources/{name}.py must declare SOURCE = Source(name="{name}", ...)')
    return SourceModule(
        declaration=declaration,
        plan=module.plan,
        judge=getattr(module, "judge", judge_by_status),
        follow=getattr(module, "follow", None),
        plan_sitemaps=getattr(module, "plan_sitemaps", None),
        request_for=getattr(module, "request_for", None),
        parse=module.parse,
        canonical_target=getattr(module, "canonical_target", str.strip),
        canonical_options=getattr(module, "canonical_options", dict),
    )
