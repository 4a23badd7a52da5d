"""Fault plans as data, the same as in TypeScript, and what makes one wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

# What a task takes as its argument.
ARGUMENTS: Mapping[str, str | None] = {
    "off": None,
    "throw": "error",
    "return": "value",
    "sleep": "ms",
    "hang": None,
    "pause": None,
    "kill": "signal",
    "exit": "code",
}
_IN_CODE = ("off", "throw", "return", "sleep", "hang", "pause")
# Before the name of a point of Python, in a plan of the host.
PREFIX = "python:"


class PlanError(ValueError):
    """A plan is wrong; `field` says where, such as `rules[2].when.nth`."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field or 'the plan'}: {what}")
        self.field = field


_Check = Callable[[str, Any], None]


def _must(holds: Callable[[Any], bool], what: str) -> _Check:
    def check(field: str, value: Any) -> None:
        if not holds(value):
            raise PlanError(field, f"must be {what}, not {value!r}")

    return check


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) != float("inf")


def _is_count(value: Any, least: int = 1, most: float = float("inf")) -> bool:
    return _is_number(value) and float(value).is_integer() and least <= value <= most


_count = _must(_is_count, "a whole number above 0")
_duration = _must(lambda value: _is_number(value) and value >= 0, "milliseconds, 0 or more")
_text = _must(lambda value: isinstance(value, str) and value != "", "text")


def _span(bound: _Check) -> _Check:
    def check(field: str, value: Any) -> None:
        if not isinstance(value, list) or len(value) != 2:
            raise PlanError(field, f"must be [from, to], not {value!r}")
        for index, one in enumerate(value):
            bound(f"{field}[{index}]", one)
        if value[0] > value[1]:
            raise PlanError(field, f"must not end before it begins, not {value!r}")

    return check


_WHERE: Mapping[str, _Check] = {
    "path": _text,
    "from": _text,
    "message": _text,
    "layer": _must(lambda value: value in ("infrastructure", "state", "context"), "a layer"),
    "session": _text,
    "direction": _must(lambda value: value in ("in", "out"), '"in" or "out"'),
}
_WHEN: Mapping[str, _Check] = {
    "nth": _count,
    "every": _count,
    "after": _count,
    "between": _span(_count),
    "afterMs": _duration,
    "betweenMs": _span(_duration),
    "probability": _must(lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "once": _must(lambda value: isinstance(value, bool), "true or false"),
    "while": _text,
}
_UNTIL: Mapping[str, _Check] = {"times": _count, "ms": _duration, "healedBy": _text}
_ARGUMENT: Mapping[str, _Check] = {
    "error": _must(lambda value: isinstance(value, str), "text"),
    "value": lambda _field, _value: None,
    "ms": _duration,
    "signal": _must(
        lambda value: isinstance(value, str) and re.fullmatch("SIG[A-Z0-9]+", value) is not None, "a signal"
    ),
    "code": _must(lambda value: _is_count(value, 0, 255), "an exit code"),
}
_PLAN: Mapping[str, _Check] = {
    "seed": _must(
        lambda value: isinstance(value, str) or _is_count(value, -(2**53) + 1, 2**53 - 1), "a number or text"
    ),
    "scope": _text,
    "expiresMs": _duration,
}


def check_plan(plan: Any) -> dict[str, Any]:
    """Answers the value as a plan. Raises `PlanError`, which names the field."""
    given = _fields("", plan, {**_PLAN, "rules": _any})
    rules = given.get("rules")
    if not isinstance(rules, list):
        raise PlanError("rules", f"must be a list, not {rules!r}")
    ids = set()
    for index, rule in enumerate(rules):
        field = f"rules[{index}]"
        _check_rule(field, rule)
        name = rule_id(rule, index)
        if name in ids:
            raise PlanError(f"{field}.id", f"'{name}' is the name of another rule")
        ids.add(name)
    return given


def _matches(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None


def _part(known: Mapping[str, _Check]) -> _Check:
    def check(field: str, value: Any) -> None:
        _fields(field, value, known)

    return check


def _any(_field: str, _value: Any) -> None:
    """It is looked at elsewhere, or may be anything."""


_RULE: Mapping[str, _Check] = {
    "id": _must(lambda value: _matches(r"[\w.-]+", value), "a name of letters, digits, - _ ."),
    "point": _must(lambda value: _matches(r"[\w.:/-]+", value), "the name of a point"),
    "where": _part(_WHERE),
    "when": _part(_WHEN),
    "until": _part(_UNTIL),
    "what": _any,
}


def _check_rule(field: str, value: Any) -> None:
    rule = _fields(field, value, _RULE)
    if "point" not in rule:
        raise PlanError(f"{field}.point", "must be the name of a point, not nothing")
    tasks = rule.get("what")
    if not isinstance(tasks, list) or not tasks:
        raise PlanError(f"{field}.what", "needs at least one task")
    for index, task in enumerate(tasks):
        _check_task(rule["point"], f"{field}.what[{index}]", task)


def _check_task(point: str, field: str, value: Any) -> None:
    name = value.get("do") if isinstance(value, dict) else None
    possible = tuple(ARGUMENTS) if point.startswith(PREFIX) else _IN_CODE
    if name not in possible:
        raise PlanError(f"{field}.do", f"{name!r} cannot be done at '{point}', only {', '.join(possible)}")
    own = ARGUMENTS[name]
    known: dict[str, _Check] = {
        "do": _any,
        "percent": _must(lambda one: _is_number(one) and 0 <= one <= 100, "a number from 0 to 100"),
        "times": _count,
    }
    if own is not None:
        known[own] = _ARGUMENT[own]
    if name == "sleep" and own not in _fields(field, value, known):
        raise PlanError(f"{field}.ms", "'sleep' needs it")
    _fields(field, value, known)


def _fields(field: str, value: Any, known: Mapping[str, _Check]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(field, f"must be an object, not {value!r}")
    for name, given in value.items():
        at = name if field == "" else f"{field}.{name}"
        if name not in known:
            raise PlanError(at, "there is no such field")
        known[name](at, given)
    return value


def rule_id(rule: Mapping[str, Any], index: int) -> str:
    """The name of a rule."""
    name: str = rule.get("id", f"r{index + 1}")
    return name
