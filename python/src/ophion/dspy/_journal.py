"""What an optimization has found out by now, in variables of the session: each answer of the language model and each
score, by a digest of what was asked. A run that was broken off is run again, and finds here what it knew already.

The variable `name` says which optimization it is of; `name.0`, `name.1`, ... hold the entries, as JSON texts. They are
written in pieces of bounded size, so that a new entry does not write all the others again.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from contextlib import suppress
from typing import Any, Final

from pydantic_core import to_jsonable_python

from ophion._errors import ActorError, StateError
from ophion._operations import Declaration
from ophion._session import SessionContext

# One variable; the last one is written again with what was added.
_PIECE_BYTES = 32 * 1024
# Entries that come quickly after each other are written together; none waits longer.
_PAUSE_S = 0.25
# Of all entries.
MAX_BYTES = 16 * 1024 * 1024

UNKNOWN: Final = object()


def digest(*parts: Any) -> str:
    """A name for what was asked: the same for the same parts, in any process."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _plain(value: Any) -> Any:
    schema = getattr(value, "model_json_schema", None)
    if isinstance(value, type) and callable(schema):
        return schema()
    return to_jsonable_python(value, fallback=repr)


class Journal:
    """The entries of one optimization; those of another one, under the same name, are thrown away.

    fingerprint: tells optimizations apart. Safe to use from several threads. Fails with `StateError` when the session
    takes no writes.
    """

    def __init__(self, session: SessionContext, name: str, fingerprint: str, max_bytes: int = MAX_BYTES) -> None:
        self._variables = session.variables
        self._name = name
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._entries: dict[str, Any] = {}
        self._pieces: list[list[str]] = []
        self._piece_bytes = 0
        self._bytes = 0
        self._unwritten = False
        self._written_at = 0.0
        self._full = False
        self._later: threading.Timer | None = None
        known = self._variables.get(name, object, None) if name in self._variables else None
        if isinstance(known, dict) and known.get("fingerprint") == fingerprint:
            self._read()
        else:
            self._begin(fingerprint)
        # How many it knew when the run began.
        self.found = len(self._entries)

    @property
    def full(self) -> bool:
        """Whether it takes no more: what comes now is not remembered."""
        return self._full

    def get(self, key: str) -> Any:
        """What was found out; `UNKNOWN` when nothing was."""
        with self._guard:
            return self._entries.get(key, UNKNOWN)

    def put(self, key: str, value: Any) -> None:
        """Remembers it, and writes it to the session now or with the next ones."""
        try:
            entry = json.dumps([key, value], ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            return  # Not plain data: asked again in a run that goes on.
        with self._guard:
            size = len(entry.encode("utf-8", "surrogatepass")) + 1
            if key in self._entries:
                return
            self._entries[key] = value
            if self._bytes + size > self._max_bytes:
                self._full = True
                return
            self._bytes += size
            if not self._pieces or self._piece_bytes + size > _PIECE_BYTES:
                if self._pieces:
                    self._write()
                self._pieces.append([])
                self._piece_bytes = 0
            self._pieces[-1].append(entry)
            self._piece_bytes += size
            self._unwritten = True
            if time.monotonic() - self._written_at >= _PAUSE_S:
                self._write()
            elif self._later is None:
                self._later = threading.Timer(_PAUSE_S, self._flush_late)
                self._later.daemon = True
                self._later.start()

    def _flush_late(self) -> None:
        with self._guard:
            self._later = None
            # The next entry, or the end, says what is wrong.
            with suppress(ActorError):
                self._write()

    def flush(self) -> None:
        """Writes what was not written yet."""
        with self._guard:
            self._write()

    def _write(self) -> None:
        if not self._unwritten:
            return
        name = f"{self._name}.{len(self._pieces) - 1}"
        text = "\n".join(self._pieces[-1]).encode("utf-8", "surrogatepass")
        self._variables.commit(declare={name: Declaration("bytes", b"")}, set={name: text})
        self._unwritten = False
        self._written_at = time.monotonic()

    def _read(self) -> None:
        number = 0
        while (name := f"{self._name}.{number}") in self._variables:
            text = self._variables.get(name, bytes).decode("utf-8", "surrogatepass")
            piece = text.split("\n") if text else []
            for entry in piece:
                key, value = json.loads(entry)
                self._entries[key] = value
            self._pieces.append(piece)
            self._piece_bytes = len(text)
            self._bytes += self._piece_bytes
            number += 1

    def _begin(self, fingerprint: str) -> None:
        stale = [
            name for name in self._variables.names(f"{self._name}.*") if name.removeprefix(f"{self._name}.").isdigit()
        ]
        try:
            self._variables.commit(
                remove=stale,
                declare={self._name: Declaration("json", None)},
                set={self._name: {"fingerprint": fingerprint}},
            )
        except StateError as error:
            raise StateError(
                f"the progress of an optimization cannot be kept in {self._name!r}: {error}",
                code=error.code,
                details=error.details,
            ) from error
