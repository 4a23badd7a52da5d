"""Fault plans as one line of text: `point=5%3*sleep(200)->1*throw(boom)`, as TypeScript reads and writes them. One
table of texts is read by the tests of both languages.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from ophion._fault_plan import ARGUMENTS, PlanError, check_plan

_PLACES = ("path", "from", "message", "layer", "session", "direction")
_TIMES = ("nth", "every", "after", "between", "afterMs", "betweenMs", "probability", "once", "while")
_ENDS = ("times", "ms", "healedBy")


def parse_plan(text: str) -> dict[str, Any]:
    """The plan that a line of text means, as data. Raises `PlanError`."""
    reader = _Reader(text)
    plan: dict[str, Any] = {"rules": []}
    while not reader.at_end():
        if reader.take("@"):
            key = reader.name("the name of what is said of the plan")
            reader.expect("=")
            plan[key] = reader.value(";")
        else:
            plan["rules"].append(_rule(reader))
        if not reader.at_end():
            reader.expect(";")
    return check_plan(plan)


def _rule(reader: _Reader) -> dict[str, Any]:
    point = reader.name("the name of a point")
    parts: dict[str, dict[str, Any]] = {"where": {}, "when": {}, "until": {}}
    rule: dict[str, Any] = {"point": point}
    if reader.take("{"):
        while not reader.take("}"):
            key = reader.name("where, when or until")
            reader.expect("=")
            value = reader.value(",}")
            if key == "id":
                rule["id"] = value
            elif key in _PLACES:
                parts["where"][key] = value
            elif key in _TIMES:
                parts["when"][key] = value
            elif key in _ENDS:
                parts["until"][key] = value
            else:
                reader.wrong(f"there is no '{key}'")
            reader.take(",")
    reader.expect("=")
    rule["what"] = [_task(reader)]
    while reader.take("->"):
        rule["what"].append(_task(reader))
    rule.update({name: part for name, part in parts.items() if part})
    return rule


def _task(reader: _Reader) -> dict[str, Any]:
    percent = reader.number("%")
    times = reader.number("*")
    name = reader.name("a task")
    task: dict[str, Any] = {"do": name}
    if percent is not None:
        task["percent"] = percent
    if times is not None:
        task["times"] = times
    if reader.take("(") and not reader.take(")"):
        field = ARGUMENTS.get(name)
        if field is None:
            reader.wrong(f"'{name}' takes no argument")
        task[field] = reader.value(")")
        reader.expect(")")
    return task


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._skip()

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def wrong(self, what: str) -> NoReturn:
        near = self._text[self._at : self._at + 12]
        raise PlanError("", f"{what}, at '{near}' (character {self._at + 1})")

    def take(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        self._skip()
        return True

    def expect(self, token: str) -> None:
        if not self.take(token):
            self.wrong(f"expected '{token}'")

    def name(self, what: str) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None:
            self.wrong(f"expected {what}")
        self._at = found.end()
        self._skip()
        return found.group()

    def number(self, mark: str) -> int | float | None:
        """A number that this mark follows."""
        found = _NUMBER.match(self._text, self._at)
        if found is None or not self._text.startswith(mark, found.end()):
            return None
        self._at = found.end()
        self.expect(mark)
        number = float(found.group())
        return int(number) if number.is_integer() else number

    def value(self, ends: str) -> Any:
        """JSON, or plain text up to one of these characters."""
        start, depth = self._at, 0
        while not self.at_end():
            character = self._text[self._at]
            if depth == 0 and character in ends:
                break
            if character == '"':
                self._string()
                continue
            depth += (character in "[{(") - (character in "]})")
            self._at += 1
        found = self._text[start : self._at].strip()
        if not found:
            self.wrong("expected a value")
        try:
            return json.loads(found, parse_constant=_no_constant)
        except ValueError:
            if found.startswith('"'):
                self.wrong(f"{found} is no JSON")
            return found

    def _string(self) -> None:
        self._at += 1
        while not self.at_end() and self._text[self._at] != '"':
            self._at += 2 if self._text[self._at] == "\\" else 1
        self._at += 1

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1


_NAME = re.compile(r"[\w.:/-]*[\w:/]", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*", re.ASCII)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
