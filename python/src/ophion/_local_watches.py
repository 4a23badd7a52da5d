"""Who watches the session of a test: as the host has it, each with a place in its history."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ophion._errors import StateError
from ophion._exchange import Exchange, Heard
from ophion._faults import fault_of_error
from ophion._gen.bridge_pb2 import HostMessage, WatchEnd
from ophion._gen.variables_pb2 import Commit, Folded, Snapshot, Variable, WatchVariablesRequest, WatchVariablesResponse
from ophion._local_past import LocalPast
from ophion._pattern import matcher

# One that is never quiet is told of after so many times the wait.
_LONGEST_WAITS = 10


@dataclass
class _Place:
    exchange: Exchange
    revision: int
    wanted: Callable[[str], bool]
    # For how many seconds nothing may happen before it is told; 0: not.
    debounce: float
    credit: int = 0
    quiet: threading.Timer | None = None
    longest: threading.Timer | None = None


class LocalWatches:
    """Guarded by the lock of whoever has them, which is given for what happens later."""

    def __init__(self, snapshot: Callable[[], Snapshot], past: LocalPast, lock: threading.RLock) -> None:
        self._snapshot = snapshot
        self._past = past
        self._lock = lock
        self._places: dict[int, _Place] = {}

    def committed(self, commit: Commit) -> None:
        """What was committed next."""
        for place in list(self._places.values()):
            if place.debounce == 0:
                self._tell(place)
            elif _touches(commit, place.wanted):
                self._wait(place)

    def open(self, exchange: Exchange, request: WatchVariablesRequest) -> None:
        """Somebody watches from now on; told as there is credit."""
        if request.from_revision > self._past.revision:
            error = StateError(f"the session has not reached revision {request.from_revision}", code="rewound")
            exchange.hear(Heard(HostMessage(watch_end=WatchEnd(fault=fault_of_error(error)))))
            return
        wanted = matcher(request.names)
        place = _Place(exchange, request.from_revision, wanted, request.debounce_ms / 1000)
        self._places[exchange.number] = place
        if place.debounce and any(_touches(one, wanted) for one in self._missed(place)):
            self._wait(place)

    def grant(self, number: int, items: int) -> None:
        """He takes so many more."""
        place = self._places.get(number)
        if place is not None:
            place.credit += items
            if place.debounce == 0:
                self._tell(place)

    def close(self, number: int) -> None:
        """He has left."""
        place = self._places.pop(number, None)
        if place is not None:
            _cancel(place)

    def _missed(self, place: _Place) -> list[Commit]:
        return [one for one in self._past.commits if one.revision > place.revision]

    def _wait(self, place: _Place) -> None:
        if place.quiet is not None:
            place.quiet.cancel()
        place.quiet = self._later(place, place.debounce)
        if place.longest is None:
            place.longest = self._later(place, place.debounce * _LONGEST_WAITS)

    def _later(self, place: _Place, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._quiet, [place])
        timer.daemon = True
        timer.start()
        return timer

    def _quiet(self, place: _Place) -> None:
        with self._lock:
            if place.longest is None or place.exchange.number not in self._places:
                return
            if place.credit == 0:
                # Its reader is slower than that: more of it comes together.
                place.quiet = self._later(place, place.debounce)
                return
            _cancel(place)
            commits = [one for one in self._missed(place) if _touches(one, place.wanted)]
            if commits[0].revision < commits[-1].revision:
                folded = Folded(after=commits[0].revision - 1, up_to=commits[-1].revision)
                event = WatchVariablesResponse(commit=_joined(commits), folded=folded)
            else:
                event = WatchVariablesResponse(commit=commits[0])
            self._say(place, event, commits[-1].revision)

    def _tell(self, place: _Place) -> None:
        commits = self._past.commits
        while place.credit > 0 and commits and place.revision < commits[-1].revision:
            first, last = commits[0].revision, commits[-1].revision
            if place.revision + 1 < first:
                folded = Folded(after=place.revision, up_to=last)
                self._say(place, WatchVariablesResponse(snapshot=self._snapshot(), folded=folded), last)
            else:
                commit = commits[place.revision + 1 - first]
                self._say(place, WatchVariablesResponse(commit=commit), commit.revision)

    def _say(self, place: _Place, event: WatchVariablesResponse, revision: int) -> None:
        place.revision = revision
        place.credit -= 1
        place.exchange.hear(Heard(HostMessage(watched=event)))


def _cancel(place: _Place) -> None:
    for timer in (place.quiet, place.longest):
        if timer is not None:
            timer.cancel()
    place.quiet = place.longest = None


def _touches(commit: Commit, wanted: Callable[[str], bool]) -> bool:
    return any(wanted(one.name) for one in commit.written) or any(wanted(name) for name in commit.removed)


def _joined(commits: list[Commit]) -> Commit:
    """The outcome of all of them, by who wrote last."""
    outcome = Commit()
    outcome.CopyFrom(commits[-1])
    written: dict[str, Variable] = {}
    removed: dict[str, None] = {}
    for commit in commits:
        for name in commit.removed:
            written.pop(name, None)
            removed[name] = None
        for variable in commit.written:
            written[variable.name] = variable
            removed.pop(variable.name, None)
    del outcome.written[:]
    outcome.written.extend(written.values())
    outcome.removed[:] = list(removed)
    return outcome
