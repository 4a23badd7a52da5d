"""Messages that are too large for frames: they lie elsewhere, whole, before the stream says where.

On the host's machine that is a file (`_folders`), elsewhere the host's memory (`_transfer`). Nothing here waits in the
stream's thread or in the event loop: a thread of its own puts them there.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

from ophion._attachments import Attachment, Said
from ophion._errors import ActorError, StateError
from ophion._gen import workers_pb2 as pb
from ophion._promise import Promise, Steps, promise


class Place(Protocol):
    """Where large messages lie."""

    def put(self, job: Job) -> pb.Elsewhere:
        """Puts it there; may take its time. Fails with `ActorError`, and with `GivenUp`."""
        ...

    def given_up(self) -> None:
        """The job that it puts there may have been given up."""
        ...

    def take(self, elsewhere: pb.Elsewhere) -> tuple[bytes, list[Attachment]]:
        """A message of the host: its payload and its attachments. Fails with `ProtocolError` when it is not there, or
        not whole. Never waits.
        """
        ...

    def remove(self, elsewhere: pb.Elsewhere) -> None:
        """What was put there will not be sent."""
        ...

    def close(self) -> None:
        """The stream is over."""
        ...


class GivenUp(Exception):
    """Nobody wants the job done any more."""


class Job:
    """One message on its way to where it will lie. `done` gives the place, or fails."""

    def __init__(self, said: Said) -> None:
        self.parts = [memoryview(said.payload), *said.attachments]
        self.lengths = [part.nbytes for part in self.parts]
        self.size = sum(self.lengths)
        self.done: Promise = promise()
        self.given_up = False


class Outlet(Protocol):
    """Who spills."""

    def spill(self, said: Said) -> Job | None:
        """Begins to put a message elsewhere; None for one that fits frames."""
        ...

    def unspill(self, job: Job) -> None:
        """Gives it up; what lies there already is removed."""
        ...


def spilled(outlet: Outlet, said: Said) -> Steps[pb.Elsewhere | None]:
    """Where a message lies that is too large for frames; None for one that is not."""
    job = outlet.spill(said)
    if job is None:
        return None
    try:
        place: pb.Elsewhere = yield job.done
        return place
    except BaseException:
        outlet.unspill(job)
        raise


class Spiller:
    """Puts large messages where they will lie, one after the other. Bounded by what the host has not taken yet."""

    def __init__(self, place: Place, limit: int) -> None:
        self.limit = limit
        self._place = place
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._out = 0
        self._closed: ActorError | None = None
        self._started = False

    def put(self, said: Said) -> Job:
        """Takes it on. Each waits for the one before it, and for room; callers bound how many there are."""
        job = Job(said)
        with self._changed:
            if self._closed is not None:
                job.done.set_exception(self._closed)
                return job
            self._jobs.append(job)
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="ophion-spill", daemon=True).start()
            self._changed.notify_all()
        return job

    def give_up(self, job: Job) -> None:
        """Nobody will send it."""
        with self._changed:
            job.given_up = True
            self._changed.notify_all()
        self._place.given_up()
        job.done.add_done_callback(self._discard)

    def taken(self, size: int) -> None:
        """The host has taken so many bytes."""
        with self._changed:
            self._out -= size
            self._changed.notify_all()

    def close(self, error: ActorError) -> None:
        """The stream is over: what is under way fails with this."""
        with self._changed:
            self._closed = error
            self._changed.notify_all()
        self._place.close()

    def _discard(self, done: Promise) -> None:
        if done.exception() is None:
            place: pb.Elsewhere = done.result()
            self.taken(sum(place.lengths))
            self._place.remove(place)

    def _run(self) -> None:
        while True:
            job = self._next()
            if job is None:
                return
            try:
                place = self._place.put(job)
            except BaseException as error:
                self.taken(job.size)
                job.done.set_exception(_as_actor_error(error))
            else:
                job.done.set_result(place)

    def _next(self) -> Job | None:
        with self._changed:
            while True:
                while self._jobs and (self._jobs[0].given_up or self._closed is not None):
                    error = self._closed or ActorError("given up", code="cancelled")
                    self._jobs.popleft().done.set_exception(error)
                if self._closed is not None:
                    return None
                # A single one is always let through.
                if self._jobs and (self._out == 0 or self._out + self._jobs[0].size <= self.limit):
                    job = self._jobs.popleft()
                    self._out += job.size
                    return job
                self._changed.wait()


def _as_actor_error(error: BaseException) -> ActorError:
    if isinstance(error, ActorError):
        return error
    if isinstance(error, GivenUp):
        return ActorError("given up", code="cancelled")
    return StateError(f"a large payload could not be put where the host takes it: {error}", code="quota")
