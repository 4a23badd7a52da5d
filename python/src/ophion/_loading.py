"""Imports what a worker is to serve, and tells the host that it goes on meanwhile."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable

from ophion._boot import Boot

# Names that stand for more than a module of that name.
_PRELOADS = {"dspy": "ophion.dspy"}

_say: Callable[[str], None] | None = None


def progress(what: str) -> None:
    """For a module that takes long to load, such as one that reads a model: tells the host that it goes on, which
    extends the time it has to become ready. Does nothing outside of that.
    """
    if _say is not None:
        _say(what)


class Loading:
    """One worker's loading: preloads first, then the module."""

    def __init__(self, boot: Boot, module: str, say: Callable[[str], None]) -> None:
        self._boot = boot
        self._module = module
        self._tell = say
        self._current: str | None = None
        self._modules = 0

    def run(self) -> None:
        """Imports in this thread, the main one. Raises what the module raises, whatever that is."""
        global _say
        sys.path[:0] = self._boot.path
        # The files may be newer than what the import system knows of their folders.
        importlib.invalidate_caches()
        _say = self._tell
        try:
            for name in (*(_PRELOADS.get(name, name) for name in self._boot.preload), self._module):
                self._current = name
                self._modules = len(sys.modules)
                self._tell(f"importing {name}")
                importlib.import_module(name)
        finally:
            _say = None
        self._current = None

    def failed_at(self) -> str:
        """The module whose import was begun and not finished."""
        return self._current or self._module

    def tick(self) -> None:
        """From another thread, now and then: says that it goes on, if it does."""
        name, modules = self._current, len(sys.modules)
        if name is not None and modules != self._modules:
            self._modules = modules
            self._tell(f"importing {name}: {modules} modules")
