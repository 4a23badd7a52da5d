"""Objects that stay in the worker: what a session has in the memory of this one process, such as a loaded model or an
open file. They are no variables: no other process sees them, nothing of a transaction is about them, and they end with
their session, with the process, or when too many other sessions have had theirs here since.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ophion._errors import LocalObjectLostError, StateError
from ophion._promise import Promise, Steps, promise

# Of one session, and how many sessions have any in one worker: as many as the host lets a worker have.
MAX_OBJECTS = 64
MAX_SESSIONS = 256
Close = Callable[[], object]


class Kept(NamedTuple):
    """An object, and what closes it."""

    value: Any
    close: Close | None


@dataclass(frozen=True)
class Making:
    """It is being made."""

    done: Promise


class KeptObjects:
    """Those of one session."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._lock = threading.Lock()
        self._objects: dict[str, Kept | Making] = {}
        # The session has ended: what is still kept is let go of at once.
        self._over = False

    def get(self, name: str) -> Any:
        """Fails with `LocalObjectLostError`."""
        found = self._objects.get(name)
        if isinstance(found, Kept):
            return found.value
        raise LocalObjectLostError(self.session_id, name)

    def names(self) -> list[str]:
        """Of those that are here."""
        with self._lock:
            return [name for name, one in self._objects.items() if isinstance(one, Kept)]

    def put(self, name: str, value: Any, close: Close | None) -> None:
        """Keeps it in place of the one that was there. Fails with `StateError` `quota`."""
        with self._lock:
            before = self._objects.get(name)
            if before is None:
                self._check_room(name)
            over = self._over
            if not over:
                self._objects[name] = Kept(value, close)
        if isinstance(before, Kept) and before.value is not value:
            _let_go([before])
        if over:
            _let_go([Kept(value, close)])

    def remove(self, name: str) -> None:
        """Lets go of it. Fails with `LocalObjectLostError`."""
        with self._lock:
            found = self._objects.get(name)
            if isinstance(found, Kept):
                del self._objects[name]
        if not isinstance(found, Kept):
            raise LocalObjectLostError(self.session_id, name)
        _let_go([found])

    def claimed(self, name: str) -> Steps[Making | Kept]:
        """What is there, once nobody is making it any more; else the right to make it, which must be `settle`d."""
        while True:
            with self._lock:
                found = self._objects.get(name)
                if found is None:
                    self._check_room(name)
                    mine = self._objects[name] = Making(promise())
                    return mine
            if isinstance(found, Kept):
                return found
            yield found.done

    def settle(self, name: str, mine: Making, made: Kept | None) -> None:
        """It was made, or not: whoever waits for it goes on."""
        with self._lock:
            current = self._objects.get(name) is mine
            if current:
                if made is None or self._over:
                    del self._objects[name]
                else:
                    self._objects[name] = made
        if made is not None and not (current and not self._over):
            _let_go([made])
        mine.done.set_result(None)

    def end(self) -> None:
        """Lets go of all of them."""
        with self._lock:
            self._over = True
            objects = [one for one in self._objects.values() if isinstance(one, Kept)]
            self._objects = {name: one for name, one in self._objects.items() if isinstance(one, Making)}
        _let_go(objects)

    def _check_room(self, name: str) -> None:
        if len(self._objects) >= MAX_OBJECTS:
            raise StateError(
                f"local object {name!r}: session {self.session_id!r} has {MAX_OBJECTS} of them in this worker already",
                code="quota",
                details={"max": MAX_OBJECTS},
            )


class KeptBySession:
    """All of one process, the sessions that were used least recently let go of first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, KeptObjects] = OrderedDict()

    def of(self, session_id: str) -> KeptObjects:
        """Those of a session."""
        oldest = None
        with self._lock:
            found = self._sessions.get(session_id)
            if found is None:
                found = self._sessions[session_id] = KeptObjects(session_id)
                if len(self._sessions) > MAX_SESSIONS:
                    _, oldest = self._sessions.popitem(last=False)
            else:
                self._sessions.move_to_end(session_id)
        if oldest is not None:
            oldest.end()
        return found

    def drop(self, session_id: str) -> None:
        """The session is closed. Never waits."""
        with self._lock:
            found = self._sessions.pop(session_id, None)
        if found is not None:
            found.end()

    def end(self, seconds: float) -> None:
        """The process ends: waits for so long until all was let go of."""
        with self._lock:
            sessions = list(self._sessions.values())
            self._sessions.clear()
        for one in sessions:
            one.end()
        ends_at = time.monotonic() + seconds
        for thread in list(_closing):
            thread.join(max(0.0, ends_at - time.monotonic()))

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._sessions))


_closing: set[threading.Thread] = set()


def _let_go(objects: list[Kept]) -> None:
    """Closes them, in a thread of its own: it may take its time, and whoever drops a session must not wait."""
    closes = [one.close for one in objects if one.close is not None]
    if not closes:
        return

    def close_all() -> None:
        for close in reversed(closes):
            try:
                close()
            except BaseException:
                # Nobody is left to hear of it.
                traceback.print_exc()
        _closing.discard(threading.current_thread())

    thread = threading.Thread(target=close_all, name="ophion-local", daemon=True)
    _closing.add(thread)
    # At the interpreter's end there are no new threads.
    with contextlib.suppress(RuntimeError):
        thread.start()
