"""Who watches the session of a test: as the host has it, each with a place in a bounded history."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ophion._errors import StateError
from ophion._exchange import Exchange, Heard
from ophion._faults import fault_of_error
from ophion._gen.bridge_pb2 import HostMessage, WatchEnd
from ophion._gen.variables_pb2 import Commit, Folded, Snapshot, WatchVariablesRequest, WatchVariablesResponse

# As many commits as a host keeps.
HISTORY_MAX = 1_000


@dataclass
class _Place:
    exchange: Exchange
    revision: int
    credit: int = 0


class LocalWatches:
    """Guarded by the lock of whoever has them."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot
        self._history: deque[Commit] = deque(maxlen=HISTORY_MAX)
        self._places: dict[int, _Place] = {}

    def committed(self, commit: Commit) -> None:
        """What was committed next."""
        self._history.append(commit)
        for place in list(self._places.values()):
            self._tell(place)

    def open(self, exchange: Exchange, request: WatchVariablesRequest) -> None:
        """Somebody watches from now on; told as there is credit."""
        if request.from_revision > self._snapshot().revision:
            error = StateError(f"the session has not reached revision {request.from_revision}", code="rewound")
            exchange.hear(Heard(HostMessage(watch_end=WatchEnd(fault=fault_of_error(error)))))
            return
        self._places[exchange.number] = _Place(exchange, request.from_revision)

    def grant(self, number: int, items: int) -> None:
        """He takes so many more."""
        place = self._places.get(number)
        if place is not None:
            place.credit += items
            self._tell(place)

    def close(self, number: int) -> None:
        """He has left."""
        self._places.pop(number, None)

    def _tell(self, place: _Place) -> None:
        while place.credit > 0 and self._history and place.revision < self._history[-1].revision:
            first, last = self._history[0].revision, self._history[-1].revision
            if place.revision + 1 < first:
                folded = Folded(after=place.revision, up_to=last)
                event = WatchVariablesResponse(snapshot=self._snapshot(), folded=folded)
                place.revision = last
            else:
                event = WatchVariablesResponse(commit=self._history[place.revision + 1 - first])
                place.revision += 1
            place.credit -= 1
            place.exchange.hear(Heard(HostMessage(watched=event)))
