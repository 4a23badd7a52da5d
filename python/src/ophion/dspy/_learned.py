"""The learned state of a program: a variable of the session with what an optimizer has made of it.

The variable is JSON: `{"module", "signature", "state", "optimizer", "dspy"}`, `state` being DSPy's `dump_state()`.
Null, or no such variable, means that nothing was learned. Read at the run's own revision, so that any worker runs the
same program; what was read once is kept by the worker until the variable is written again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import dspy

from ophion._codec import decode
from ophion._errors import StateError
from ophion._read import Snapshot
from ophion._state import Record

Data = dict[str, Any]

# Programs of sessions; the one that was not used for longest is forgotten, and read again.
_KEPT_MAX = 64


class _Kept:
    """Decoded values, each with what it was decoded from: that is another object once the variable was written."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._values: OrderedDict[tuple[str, str], tuple[object, Any]] = OrderedDict()

    def get(self, session_id: str, record: Record, name: str) -> Any:
        written = record.variables.get(name)
        if written is None:
            return None
        key = (session_id, name)
        with self._guard:
            known = self._values.get(key)
        value = known[1] if known is not None and known[0] is written else decode(written.value)
        with self._guard:
            self._values[key] = (written, value)
            self._values.move_to_end(key)
            while len(self._values) > _KEPT_MAX:
                self._values.popitem(last=False)
        return value


_kept = _Kept()


def learned_state(session: Any, variables: Snapshot, name: str, ours: Callable[[str, str], bool]) -> Data | None:
    """The state that the variable `name` holds; None when nothing was learned. `ours` tells whether a state of that
    module and signature is the program's: else it fails with `StateError` `invalid`.
    """
    value = _kept.get(session.id, variables._record, name)
    if value is None:
        return None
    fields = value if isinstance(value, dict) else {}
    module, signature, state = (fields.get(key) for key in ("module", "signature", "state"))
    if not isinstance(module, str) or not isinstance(signature, str) or not isinstance(state, dict):
        raise StateError(f"variable {name!r} holds no learned state", code="invalid", details={"variable": name})
    if not ours(module, signature):
        raise StateError(
            f"variable {name!r}: what it has was learned for {module} with {signature!r}, not for this program; "
            "clear it, or optimize the program as it is now",
            code="invalid",
            details={"variable": name, "module": module, "signature": signature},
        )
    # Lists of its own: a module may add to its demonstrations.
    copied: Data = _fresh(state)
    return copied


def learned_record(module: dspy.Module, program: str, signature: str | None, optimizer: str) -> dict[str, Any]:
    """What the variable holds for a module that has learned something."""
    return {
        "module": program,
        "signature": signature or "",
        "state": module.dump_state(),
        "optimizer": optimizer,
        "dspy": dspy.__version__,
    }


def _fresh(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _fresh(one) for key, one in value.items()}
    return list(value) if isinstance(value, list) else value
