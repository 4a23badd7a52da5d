"""The messages of one connection, as its carrier takes them out of the outbox."""

from __future__ import annotations

import queue
from collections.abc import Callable


class Requests:
    """The messages of one connection, each an `AttachRequest` in wire form. Iterating waits for the next one, and ends
    with the connection.
    """

    def __init__(self, take: Callable[[Requests, bool], bytes | None]) -> None:
        self._take = take
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.asleep = False
        self.over = False
        # Called when there may be something to take, by whoever put it, outside of any lock.
        self.on_change: Callable[[], None] | None = None
        # A long turn is sent in parts, so that the host works on one while the next is made. For carriers that send
        # at once and cheaply.
        self.eager = False

    def __iter__(self) -> Requests:
        return self

    def __next__(self) -> bytes:
        while True:
            request = self._take(self, True)
            if request is not None:
                return request
            if self.over:
                raise StopIteration
            self._wakes.get()

    def poll(self) -> bytes | None:
        """What can be sent now; None when nothing can, or when the connection is `over`."""
        return self._take(self, False)

    def wake(self) -> None:
        """Something has changed."""
        if self.asleep:
            self.asleep = False
            self._wakes.put(None)
        if self.on_change is not None:
            self.on_change()
