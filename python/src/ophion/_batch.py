"""Writes that are collected and committed together."""

from __future__ import annotations

from collections.abc import Mapping

from ophion._gen.variables_pb2 import CommitPlan
from ophion._operations import Declaration, commit_plan
from ophion._overlay import Overlay
from ophion._read import Snapshot
from ophion._scope import Scope, new_id
from ophion._state import Record


class Batch(Snapshot):
    """The variables at one revision, and what was written here since. Nobody else sees that before the end of the
    `with` block, and never when the block raises. May be used from any thread.
    """

    def __init__(self, record: Record) -> None:
        self._overlay = Overlay(record)

    @property
    def _record(self) -> Record:  # type: ignore[override]  # a snapshot's stays as it is, this one has its writes
        return self._overlay.record

    def set(self, name: str, value: object) -> None:
        """Sets one variable. Fails with `EncodeError`, with `StateError`: `not_found`, `invalid` for another type."""
        self._overlay.commit(commit_plan({name: value}, {}, (), {}))

    def __setitem__(self, name: str, value: object) -> None:
        self.set(name, value)

    def remove(self, name: str) -> None:
        """Removes one variable. Fails with `VariableNotFoundError`."""
        self._overlay.commit(commit_plan({}, {}, [name], {}))

    def __delitem__(self, name: str) -> None:
        self.remove(name)

    def declare(self, declarations: Mapping[str, Declaration]) -> None:
        """Adds variables; one that is there already, as the same type, is kept."""
        self._overlay.commit(commit_plan({}, {}, (), declarations))


def batch_of(scope: Scope) -> Batch:
    """A batch in a tool."""
    # What was read of it and then written must not have been changed by others, in a transaction as well: so what is
    # read here need not count as read there.
    return Batch(scope.record if scope.overlay is None else scope.overlay.unnoted)


def batch_plan(batch: Batch) -> CommitPlan | None:
    """Ends a batch: what is to be committed now; None when nothing was written."""
    overlay = batch._overlay
    overlay.end()
    plan = overlay.writes()
    if not (plan.assignments or plan.declarations or plan.removals):
        return None
    plan.idempotency_key = new_id()
    return plan
