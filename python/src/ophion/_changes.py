"""What a watch tells: each commit of the session, or what several of them came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ophion._codec import decode
from ophion._gen import variables_pb2
from ophion._instants import of_instant_ms
from ophion._state import Record


class Folded(NamedTuple):
    """Revisions that are not told one by one: those after `after`, up to and including `up_to`."""

    after: int
    up_to: int


@dataclass(frozen=True)
class Change:
    """What has happened to the session."""

    # A snapshot has all variables that are watched, a commit those that it wrote.
    kind: Literal["snapshot", "commit"]
    # The session's revision after it: one higher with each commit.
    revision: int
    values: Mapping[str, Any]
    removed: tuple[str, ...] = ()
    # Who committed, such as "typescript" or a worker's pid; empty for a snapshot.
    writer: str = ""
    # Set when it stands for commits that are not told one by one: a snapshot, when the reader was slower than the
    # history is long; what they came to, when he wanted to wait for quiet.
    folded: Folded | None = None
    # When it was committed; None for a snapshot.
    committed_at: datetime | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        # Without the values: they may be secret.
        named = ", ".join([*self.values, *(f"-{name}" for name in self.removed)])
        return f"<{type(self).__name__} {self.kind} at revision {self.revision}: {named}>"


def snapshot_change(record: Record, wanted: Callable[[str], bool], folded: Folded | None = None) -> Change:
    """The variables at one revision, those that are wanted."""
    values = {name: decode(variable.value) for name, variable in record.variables.items() if wanted(name)}
    return Change("snapshot", record.revision, values, folded=folded)


def commit_change(
    commit: variables_pb2.Commit, wanted: Callable[[str], bool], folded: Folded | None = None
) -> Change | None:
    """What a commit did to these variables, or what several came to; None when nothing."""
    values = {one.name: decode(one.value) for one in commit.written if wanted(one.name)}
    removed = tuple(name for name in commit.removed if wanted(name))
    if not values and not removed:
        return None
    at = of_instant_ms(commit.committed_at_ms)
    return Change("commit", commit.revision, values, removed, commit.writer, folded, at)
