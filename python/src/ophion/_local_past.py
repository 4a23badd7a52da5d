"""What the session of a test was: as the host has it, its newest commits."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ophion._errors import StateError
from ophion._gen.variables_pb2 import (
    Commit,
    ReadHistoryRequest,
    ReadHistoryResponse,
    ReadVariablesRequest,
    Snapshot,
    Variable,
)

# As many commits as a host keeps.
HISTORY_MAX = 1_000


class LocalPast:
    """Guarded by the lock of whoever has it."""

    def __init__(self) -> None:
        self.commits: deque[Commit] = deque(maxlen=HISTORY_MAX)
        # By revision, after each commit that is kept and before the first of them.
        self._variables: dict[int, Mapping[str, Variable]] = {0: {}}

    @property
    def revision(self) -> int:
        """Where the session is."""
        return self.commits[-1].revision if self.commits else 0

    def committed(self, commit: Commit, variables: Mapping[str, Variable]) -> None:
        """What was committed next, and what the variables are since then."""
        self.commits.append(commit)
        self._variables[commit.revision] = variables
        self._variables.pop(self.commits[0].revision - 2, None)

    def read(self, request: ReadVariablesRequest) -> Snapshot:
        """The variables as they were."""
        revision = request.at_revision
        if revision > self.revision:
            raise StateError(f"the session has not reached revision {revision}", code="rewound")
        if revision not in self._variables:
            raise StateError(f"what the session was at revision {revision} is not kept any more", code="compacted")
        wanted = set(request.names)
        variables = [one for one in self._variables[revision].values() if not wanted or one.name in wanted]
        return Snapshot(epoch=1, revision=revision, variables=variables)

    def history(self, request: ReadHistoryRequest) -> ReadHistoryResponse:
        """The newest commits of those asked for."""
        found: list[Commit] = []
        for commit in reversed(self.commits):
            if commit.revision <= request.since_revision or len(found) == min(request.limit, HISTORY_MAX):
                break
            seen = _only(commit, set(request.names))
            if seen.written or seen.removed:
                found.append(seen)
        first = self.commits[0].revision if self.commits else 1
        return ReadHistoryResponse(epoch=1, revision=self.revision, first_revision=first, commits=reversed(found))


def _only(commit: Commit, names: set[str]) -> Commit:
    if not names:
        return commit
    seen = Commit()
    seen.CopyFrom(commit)
    del seen.written[:]
    seen.written.extend(one for one in commit.written if one.name in names)
    seen.removed[:] = [name for name in commit.removed if name in names]
    return seen
