"""Patterns of variable names: `*` stands for any run of characters, also none; all else for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a name matches one of them; every name does when there are none."""
    if not patterns or "*" in patterns:
        return lambda name: True
    exact = frozenset(one for one in patterns if "*" not in one)
    split = [one.split("*") for one in patterns if "*" in one]
    return lambda name: name in exact or any(_matches(parts, name) for parts in split)


def _matches(parts: Sequence[str], name: str) -> bool:
    """Whether the parts stand in the name in this order, the first and the last one at its ends."""
    first, *middle, last = parts
    if not name.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(name) - at >= len(last) and name.endswith(last)
