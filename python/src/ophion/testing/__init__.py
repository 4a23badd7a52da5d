"""For tests of tools: a session without a host, and faults.

    with session(variables={"model": "small"}, tools={"lookup": lambda id: "blue"}) as context:
        with faults("shop.before-booking=throw(no connection)"):
            ...

`ophion.testing.pytest` has both as fixtures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ophion._fault_plan import PlanError
    from ophion._fault_point import InjectedFault, async_fault_point, fault_point, faults, stop_all_faults
    from ophion._fault_rules import ActivePlan, RuleStatus
    from ophion.testing._session import cancel, commit, committed, facts, lose, preempt, session

__all__ = [
    "ActivePlan",
    "InjectedFault",
    "PlanError",
    "RuleStatus",
    "async_fault_point",
    "cancel",
    "commit",
    "committed",
    "facts",
    "fault_point",
    "faults",
    "lose",
    "preempt",
    "session",
    "stop_all_faults",
]

# Where the names are that are not of `_session`. They are imported when they are first asked for: whoever has this
# package installed has its pytest plugin, and pays for nothing that no test uses.
_HOMES = {
    "ActivePlan": "_fault_rules",
    "InjectedFault": "_fault_point",
    "PlanError": "_fault_plan",
    "RuleStatus": "_fault_rules",
    "async_fault_point": "_fault_point",
    "fault_point": "_fault_point",
    "faults": "_fault_point",
    "stop_all_faults": "_fault_point",
}


# Not for checkers of types, which would take any name for one of these.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        value = getattr(importlib.import_module(f"ophion.{_HOMES.get(name, 'testing._session')}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
