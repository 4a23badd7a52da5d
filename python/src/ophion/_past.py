"""What a session was: its kept commits, its variables at an earlier revision, and making that so again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ophion import _operations as operations
from ophion._changes import Change, commit_change
from ophion._errors import StateError
from ophion._gen import bridge_pb2, variables_pb2
from ophion._pattern import matcher
from ophion._promise import Steps
from ophion._scope import Scope, new_id
from ophion._state import Record, record_of

_ATTEMPTS = 100


@dataclass(frozen=True)
class History:
    """Kept commits of a session, oldest first."""

    commits: tuple[Change, ...]
    # Where the session was when this was read.
    revision: int
    # The oldest revision that is kept; above `revision` when none is.
    first: int


def history_read(scope: Scope, names: Sequence[str], since: int | None, limit: int) -> Steps[History]:
    """The newest kept commits of those asked for."""
    if limit < 1:
        raise StateError(f"a history cannot have {limit} commits")
    request = variables_pb2.ReadHistoryRequest(
        session_id=scope.session().session_id,
        names=names,
        since_revision=None if since is None else _revision(since),
        limit=limit,
    )
    message = bridge_pb2.WorkerMessage(read_history=request)
    found = (yield from operations.answered(scope, message, "history")).history
    every = matcher(())
    commits = [change for one in found.commits if (change := commit_change(one, every)) is not None]
    return History(tuple(commits), found.revision, found.first_revision)


def record_at(scope: Scope, revision: int, names: Sequence[str] = ()) -> Steps[Record]:
    """The variables as they were. Fails with `StateError`: `compacted`, `rewound`."""
    request = variables_pb2.ReadVariablesRequest(
        session_id=scope.session().session_id, names=names, at_revision=_revision(revision)
    )
    message = bridge_pb2.WorkerMessage(read=request)
    return record_of((yield from operations.answered(scope, message, "pull")).snapshot)


def rolled_back(scope: Scope, revision: int, names: Sequence[str] | None) -> Steps[int]:
    """Compare and set: makes variables again what they were, if nobody wrote them in between, and else again."""
    if names is not None and not names:
        return scope.record.revision
    state = scope.session()
    attempt = 1
    while True:
        # Read again each time: it may be compacted meanwhile, and then the truth is not known.
        past = yield from record_at(scope, revision, names or ())
        record, seen = scope.record, state.record
        plan = difference(record.variables, past.variables, names)
        if not (plan.removals or plan.declarations or plan.assignments):
            return record.revision
        try:
            return (yield from operations.committed(scope, plan))
        except StateError as error:
            if error.code != "conflict" or attempt == _ATTEMPTS:
                raise
        attempt += 1
        if scope.overlay is None and state.record is seen:
            # What it collided with has not come here yet.
            yield from operations.at_least(scope, state, record.revision + 1)


def difference(
    now: Mapping[str, variables_pb2.Variable],
    then: Mapping[str, variables_pb2.Variable],
    names: Iterable[str] | None,
) -> variables_pb2.CommitPlan:
    """What makes the variables of now those of then: values, types and constraints; those that were not there go. What
    it was made of must be as it was: all that was asked for, or, of everything, what is written.
    """
    plan = variables_pb2.CommitPlan(idempotency_key=new_id())
    asked = None if names is None else dict.fromkeys(names)
    for name, variable in then.items():
        known = now.get(name)
        if known is not None and _kind(known) == _kind(variable):
            if known.value.SerializeToString() != variable.value.SerializeToString():
                plan.assignments.add(name=name).value.CopyFrom(variable.value)
            continue
        if known is not None:
            plan.removals.append(name)
        plan.declarations.add(
            name=name,
            type=variable.type,
            initial=variable.value,
            constraints=variable.constraints,
            description=variable.description,
        )
    plan.removals.extend(name for name in (now if asked is None else asked) if name in now and name not in then)
    written = [*plan.removals, *(one.name for one in plan.declarations), *(one.name for one in plan.assignments)]
    for name in dict.fromkeys(written) if asked is None else asked:
        expectation = plan.expectations.add(name=name)
        if name in now:
            expectation.version = now[name].version
    return plan


def _kind(variable: variables_pb2.Variable) -> tuple[str, str, bytes]:
    return variable.type, variable.description, variable.constraints.SerializeToString()


def _revision(revision: int) -> int:
    if revision < 0:
        raise StateError(f"{revision} is no revision")
    return revision
