"""Writes that are not committed yet: those of a tool that writes together with its result, and of what it calls.

An overlay lies over one record of the session. Whoever reads through it sees that record and what was written since;
nobody else sees any of it. `writes` is what is to be committed, as one plan.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ophion._codec import decode, encode
from ophion._conform import Mismatch, conform
from ophion._errors import StateError, VariableNotFoundError
from ophion._gen.variables_pb2 import Assignment, CommitPlan, Declaration, Variable
from ophion._state import Record
from ophion._values import Tensor

TYPES: dict[str, Any] = {
    "boolean": bool,
    "integer": int,
    "float": float,
    "string": str,
    "bytes": bytes,
    "tensor": Tensor,
}


def applied(before: Mapping[str, Variable], plan: CommitPlan, revision: int) -> dict[str, Variable]:
    """The variables after a plan: it removes, declares and sets, in this order. What it writes is of this revision.

    Fails with `StateError`: `not_found`, `already_exists`, `invalid` for a value of another type. Constraints are the
    host's to check.
    """
    after = dict(before)
    for name in plan.removals:
        if after.pop(name, None) is None:
            raise VariableNotFoundError(name)
    for declaration in plan.declarations:
        known = after.get(declaration.name)
        if known is not None:
            if known.type != declaration.type:
                raise StateError(f"variable {known.name!r} is there already, as a {known.type}", code="already_exists")
            continue
        after[declaration.name] = Variable(
            name=declaration.name,
            type=declaration.type,
            value=declaration.initial,
            constraints=declaration.constraints,
            description=declaration.description,
            version=revision,
        )
    for assignment in plan.assignments:
        known = after.get(assignment.name)
        if known is None:
            raise VariableNotFoundError(assignment.name)
        variable = Variable()
        variable.CopyFrom(known)
        variable.value.CopyFrom(encode(_fitting(known, decode(assignment.value))))
        variable.version = revision
        after[assignment.name] = variable
    return after


def _fitting(variable: Variable, value: Any) -> Any:
    try:
        return conform(value, TYPES.get(variable.type, Any))
    except Mismatch as mismatch:
        raise StateError(f"variable {variable.name!r} ({variable.type}): {mismatch}") from None


def expected(variables: Mapping[str, Variable], plan: CommitPlan) -> None:
    """Fails with `StateError` `conflict` when a variable is not of the version that the plan expects."""
    for expectation in plan.expectations:
        known = variables.get(expectation.name)
        wanted = expectation.version if expectation.HasField("version") else None
        found = None if known is None else known.version
        if wanted != found:
            raise StateError(
                f"{expectation.name!r} has version {found}, expected {wanted}",
                code="conflict",
                details={"name": expectation.name, "expected": wanted, "actual": found},
            )


@dataclass
class _Writes:
    """Plans that follow each other, as one."""

    # Whether there was such a variable before the first of them.
    was_there: Callable[[str], bool]
    removals: dict[str, None] = field(default_factory=dict)
    declarations: dict[str, Declaration] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)

    def add(self, plan: CommitPlan) -> None:
        for name in plan.removals:
            self.declarations.pop(name, None)
            self.assignments.pop(name, None)
            if self.was_there(name):
                self.removals[name] = None
        for declaration in plan.declarations:
            self.declarations.setdefault(declaration.name, declaration)
        for assignment in plan.assignments:
            self.assignments[assignment.name] = assignment

    def plan(self) -> CommitPlan:
        return CommitPlan(
            removals=self.removals, declarations=self.declarations.values(), assignments=self.assignments.values()
        )

    def touches(self, name: str) -> bool:
        return name in self.removals or name in self.declarations or name in self.assignments


class Overlay:
    """The pending writes of one call. May be used from any thread.

    joined: the writes of the transaction that this call is made in, by then; they are seen, and are not this call's.
    """

    def __init__(self, base: Record, joined: CommitPlan | None = None) -> None:
        self.base = base
        self._lock = threading.Lock()
        self._ended = False
        # What was read of the base, by name: its version there, None when it was not there.
        self._reads: dict[str, int | None] = {}
        self._expected: dict[str, int | None] = {}
        self._commits = 0
        before = base.variables
        if joined is not None:
            before = _joined(base, joined)
            self._commits = 1
        self._all = _Writes(base.variables.__contains__)
        self._own = _Writes(before.__contains__)
        if joined is not None:
            self._all.add(joined)
        self._variables: Mapping[str, Variable] = before
        self._record = self._view()

    @property
    def record(self) -> Record:
        """The variables as this call sees them. Its revision only counts the writes: nobody else ever sees it."""
        return self._record

    @property
    def unnoted(self) -> Record:
        """As `record`; what is read of it does not count as read by the call."""
        return Record(self.base.epoch, self._record.revision, self._variables)

    def commit(self, plan: CommitPlan) -> int:
        """Does all of it or nothing, in here. Fails with `StateError`."""
        with self._lock:
            expected(self._variables, plan)
            return self._take(plan, {one.name: self._own_version(one.name) for one in plan.expectations})

    def merge(self, plan: CommitPlan) -> None:
        """Takes over what a nested call has written. Fails with `StateError` `conflict` when something that it has
        read was written in here meanwhile, or is not what this call has read.
        """
        with self._lock:
            versions = {one.name: one.version if one.HasField("version") else None for one in plan.expectations}
            for name, version in versions.items():
                if self._all.touches(name) or self._reads.get(name, version) != version:
                    raise StateError(f"{name!r} was changed while a nested call used it", code="conflict")
            self._take(plan, versions)

    def writes(self) -> CommitPlan:
        """What this call has written, and which versions of it must be there still: of what it has read before it
        wrote it, and of what it named itself.
        """
        with self._lock:
            plan = self._own.plan()
            versions = {name: version for name, version in self._reads.items() if self._own.touches(name)}
            for name, version in {**versions, **self._expected}.items():
                expectation = plan.expectations.add(name=name)
                if version is not None:
                    expectation.version = version
            return plan

    def pending(self) -> CommitPlan:
        """All that the transaction has written by now, for a nested call to see."""
        with self._lock:
            return self._all.plan()

    def end(self) -> None:
        """The call has ended: what is written from now on could not be committed any more."""
        with self._lock:
            self._ended = True

    def _own_version(self, name: str) -> int | None:
        variable = self.base.variables.get(name)
        return None if variable is None else variable.version

    def _take(self, plan: CommitPlan, versions: Mapping[str, int | None]) -> int:
        if self._ended:
            raise StateError("it has ended: what was written before was committed, or dropped", code="unavailable")
        self._variables = applied(self._variables, plan, self._record.revision + 1)
        # Of what was written in here nobody else knows a version.
        self._expected |= {name: version for name, version in versions.items() if not self._all.touches(name)}
        self._all.add(plan)
        self._own.add(plan)
        self._commits += 1
        self._record = self._view()
        return self._record.revision

    def _view(self) -> Record:
        seen = _Seen(self._variables, self._note)
        return Record(self.base.epoch, self.base.revision + self._commits, seen)

    def _note(self, name: str) -> None:
        with self._lock:
            if not self._all.touches(name):
                self._reads.setdefault(name, self._own_version(name))


def _joined(base: Record, joined: CommitPlan) -> dict[str, Variable]:
    try:
        return applied(base.variables, joined, base.revision + 1)
    except StateError as error:
        raise StateError(f"the session was changed under its transaction: {error}", code="conflict") from error


class _Seen(Mapping[str, Variable]):
    """Variables of which it is noted who was looked at."""

    def __init__(self, variables: Mapping[str, Variable], note: Callable[[str], None]) -> None:
        self._variables = variables
        self._note = note

    def __getitem__(self, name: str) -> Variable:
        self._note(name)
        return self._variables[name]

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self._note(name)
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)
