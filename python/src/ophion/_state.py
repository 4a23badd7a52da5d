"""What this process knows of each session: the record that the host sent, and every commit after it in order.

A record is immutable and replaced whole, so a reader sees one revision; it never goes back. A gap in the commits
only leaves the record older than what the host has; whoever needs it newer pulls a snapshot.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from ophion._gen import bridge_pb2, variables_pb2
from ophion._kept import KeptBySession

MAX_SESSIONS = 1024


@dataclass(frozen=True)
class Record:
    """All variables of a session at one revision, in their wire form: each read makes its own copy of the value, unless
    nobody can change it.
    """

    epoch: int
    revision: int
    variables: Mapping[str, variables_pb2.Variable]
    # Values that were read once and that nobody can change.
    plain: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def order(self) -> tuple[int, int]:
        """Later records are greater. Revisions of two epochs do not compare by themselves."""
        return (self.epoch, self.revision)


NO_SESSION = Record(0, 0, {})


def record_of(snapshot: variables_pb2.Snapshot) -> Record:
    """The record that a snapshot is of."""
    return Record(snapshot.epoch, snapshot.revision, {one.name: one for one in snapshot.variables})


@dataclass
class SessionState:
    """One session. Written by the stream's thread and by replies, read from anywhere."""

    session_id: str
    record: Record | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take_snapshot(self, snapshot: variables_pb2.Snapshot) -> Record:
        """Takes a snapshot unless it is older than what is here. Answers what is here then."""
        taken = record_of(snapshot)
        with self._lock:
            if self.record is None or taken.order > self.record.order:
                self.record = taken
            return self.record

    def take_commit(self, commit: variables_pb2.Commit, *, pushed: bool = False) -> bool:
        """Takes the commit that comes next; a double changes nothing. False when it leaves a gap: then what is here
        is older than the commit, and a snapshot is needed. One that was `pushed` may have nothing for this reader.
        """
        with self._lock:
            record = self.record
            if record is None:
                return False
            if (commit.epoch, commit.revision) <= record.order:
                return True
            if commit.epoch != record.epoch or commit.revision != record.revision + 1:
                return False
            if not pushed and not commit.written and not commit.removed:
                # The answer to a commit that had nothing to write: the revision is somebody else's.
                return False
            variables = dict(record.variables)
            for name in commit.removed:
                variables.pop(name, None)
            for variable in commit.written:
                variables[variable.name] = variable
            self.record = Record(commit.epoch, commit.revision, variables)
            return True


class Sessions:
    """The sessions of this process, the least recently used one dropped when there are too many of them."""

    def __init__(self, max_sessions: int = MAX_SESSIONS) -> None:
        self._max = max_sessions
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, SessionState] = OrderedDict()
        # Those that a call still has, too: it goes on being told.
        self._alive: weakref.WeakValueDictionary[str, SessionState] = weakref.WeakValueDictionary()
        # What stays in this process.
        self.kept = KeptBySession()

    def get(self, session_id: str) -> SessionState:
        """The state of a session; empty when nothing was heard of it yet."""
        sessions = self._sessions
        try:
            # Without the lock: each step is one of the interpreter's.
            state = sessions[session_id]
            sessions.move_to_end(session_id)
            return state
        except KeyError:
            return self._added(session_id)

    def _added(self, session_id: str) -> SessionState:
        with self._lock:
            state = self._sessions.get(session_id)
            if state is None:
                state = self._alive.get(session_id) or SessionState(session_id)
                self._sessions[session_id] = self._alive[session_id] = state
                if len(self._sessions) > self._max:
                    self._sessions.popitem(last=False)
            return state

    def sync(self, change: bridge_pb2.SyncSession) -> None:
        """Takes what the host sent ahead of a call."""
        if change.WhichOneof("change") == "snapshot":
            self.get(change.snapshot.session_id).take_snapshot(change.snapshot)
        elif change.WhichOneof("change") == "commit":
            self.get(change.commit.session_id).take_commit(change.commit, pushed=True)

    def drop(self, session_id: str) -> None:
        """The session is closed."""
        with self._lock:
            self._sessions.pop(session_id, None)
            self._alive.pop(session_id, None)
        self.kept.drop(session_id)

    def __len__(self) -> int:
        return len(self._sessions)
