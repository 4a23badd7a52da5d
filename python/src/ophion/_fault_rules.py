"""A fault plan at work in this process: it is asked at each point that is passed, decides, and heals what it did."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ophion._fault_plan import PREFIX, PlanError, check_plan, rule_id
from ophion._fault_text import parse_plan
from ophion._promise import Promise, promise


@dataclass(frozen=True)
class Order:
    """What is to be done at a point: throw, return, kill or exit; `rule` orders it."""

    do: str
    rule: str
    argument: Any = None


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Wait:
    """To wait until this is settled, with an order or None, or for so many seconds; then `over` is to be called."""

    until: Promise
    seconds: float | None = None
    over: Callable[[], None] = _nothing


@dataclass(frozen=True)
class RuleStatus:
    """hits: how often the point was passed where the rule applies. done: how often it did something. held: how many
    wait because of it.
    """

    id: str
    point: str
    hits: int
    done: int
    healed: bool
    held: int


Conditions = Mapping[str, Callable[[], bool]]


class ActivePlan:
    """A plan that is armed here; `stop` ends it. From any thread."""

    def __init__(
        self, plan: str | Mapping[str, Any], conditions: Conditions, on_stop: Callable[[ActivePlan], None]
    ) -> None:
        data = parse_plan(plan) if isinstance(plan, str) else check_plan(dict(plan))
        if "scope" in data:
            raise PlanError("scope", "there are no paths in Python: arm it on the host")
        seed = data.get("seed", 1)
        self._lock = threading.RLock()
        self._on_stop = on_stop
        self._rules = [_Rule(rule, index, seed, conditions) for index, rule in enumerate(data["rules"])]
        self._stopped = False
        expires = data.get("expiresMs")
        self._expires = None if expires is None else time.monotonic() + expires / 1000

    def decide(self, name: str, session: str | None) -> Order | Wait | None:
        """Told that a point is passed; answers what is to be done."""
        with self._lock:
            self._look()
            if self._stopped:
                return None
            for rule in self._rules:
                if rule.healed_by == name and rule.done > 0:
                    rule.heal()
            found: Order | Promise | None = None
            by: _Rule | None = None
            for rule in self._rules:
                if rule.name == name and rule.fits(session):
                    order = rule.passed(found is not None)
                    if order is not None:
                        found, by = order, rule
            if by is not None and isinstance(found, Promise):
                return self._wait(by, found)
            return found if isinstance(found, Order) else None

    def _wait(self, rule: _Rule, held: Promise) -> Wait:
        now = time.monotonic()
        ends = [one for one in (rule.ends(held), self._expires) if one is not None]

        def over() -> None:
            with self._lock:
                rule.let_go(held)
                self._look()

        return Wait(held, max(0.0, min(ends) - now) if ends else None, over)

    def _look(self) -> None:
        """Ends and heals what is over by the clock."""
        now = time.monotonic()
        if self._expires is not None and now >= self._expires:
            self.stop()
        for rule in self._rules:
            if rule.healed_at is not None and now >= rule.healed_at:
                rule.heal()

    @property
    def stopped(self) -> bool:
        """True when it is over."""
        with self._lock:
            self._look()
            return self._stopped

    @property
    def status(self) -> list[RuleStatus]:
        """What each rule has done."""
        with self._lock:
            self._look()
            return [rule.status() for rule in self._rules]

    def heal(self, id: str | None = None) -> None:
        """Heals a rule, by its id; without one, all of them. What waits because of them goes on."""
        with self._lock:
            for rule in self._named(id):
                rule.heal()

    def release(self, id: str | None = None) -> None:
        """Lets those go on that a rule's `pause` holds; without an id, those of all rules."""
        with self._lock:
            for rule in self._named(id):
                rule.release()

    def _named(self, id: str | None) -> list[_Rule]:
        named = [rule for rule in self._rules if id is None or rule.id == id]
        if not named and id is not None:
            raise ValueError(f"the plan has no rule {id!r}")
        return named

    def stop(self) -> None:
        """Ends the plan and heals all of it. Safe to call twice."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            for rule in self._rules:
                rule.heal()
        self._on_stop(self)

    def __enter__(self) -> ActivePlan:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Rule:
    def __init__(self, rule: Mapping[str, Any], index: int, seed: int | str, conditions: Conditions) -> None:
        self.id = rule_id(rule, index)
        self.point: str = rule["point"]
        self.name = self.point.removeprefix(PREFIX)
        self.done = 0
        self.healed = False
        self.healed_by: str | None = rule.get("until", {}).get("healedBy", "").removeprefix(PREFIX) or None
        self._until: Mapping[str, Any] = rule.get("until", {})
        self._when: Mapping[str, Any] = rule.get("when", {})
        self._what: list[Mapping[str, Any]] = rule["what"]
        self._used = [0] * len(self._what)
        self._hits = 0
        self._random = random.Random(f"{seed} {self.id}")
        self._armed = time.monotonic()
        self.healed_at: float | None = None
        # Who waits, what for, and until when at most.
        self._holds: dict[Promise, tuple[str, float | None]] = {}
        where = rule.get("where", {})
        for place in where:
            if place != "session":
                raise PlanError(f"rules[{index}].where.{place}", "there is none in Python: arm it on the host")
        self._session = None if "session" not in where else _glob(where["session"])
        condition = self._when.get("while")
        if condition is not None and condition not in conditions:
            raise PlanError(f"rules[{index}].when.while", f"there is no condition '{condition}'")
        self._condition = None if condition is None else conditions[condition]

    def fits(self, session: str | None) -> bool:
        return self._session is None or (session is not None and self._session.fullmatch(session) is not None)

    def status(self) -> RuleStatus:
        return RuleStatus(self.id, self.point, self._hits, self.done, self.healed, len(self._holds))

    def passed(self, taken: bool) -> Order | Promise | None:
        """Counts it; answers what is to be done, or what is to be waited for, unless another rule does something."""
        if self.healed:
            return None
        self._hits += 1
        if taken or not self._due():
            return None
        for index, task in enumerate(self._what):
            if self._has_turn(task, index):
                self._used[index] += 1
                return self._order(task)
        return None

    def _due(self) -> bool:
        when, hits = self._when, self._hits
        armed = (time.monotonic() - self._armed) * 1000
        if (when.get("once") and self.done > 0) or self.done >= self._until.get("times", float("inf")):
            return False
        first, last = when.get("between", (0, float("inf")))
        first_ms, last_ms = when.get("betweenMs", (0, float("inf")))
        return bool(
            hits == when.get("nth", hits)
            and hits % when.get("every", 1) == 0
            and hits > when.get("after", 0)
            and first <= hits <= last
            and armed >= when.get("afterMs", 0)
            and first_ms <= armed <= last_ms
            and (self._condition is None or self._condition())
            and ("probability" not in when or self._random.random() < when["probability"])
        )

    def _has_turn(self, task: Mapping[str, Any], index: int) -> bool:
        if self._used[index] >= task.get("times", float("inf")):
            return False
        return "percent" not in task or self._random.random() < task["percent"] / 100

    def _order(self, task: Mapping[str, Any]) -> Order | Promise | None:
        do: str = task["do"]
        if do == "off":
            return None
        self.done += 1
        now = time.monotonic()
        if self.done == 1 and "ms" in self._until:
            self.healed_at = now + self._until["ms"] / 1000
        if do not in ("sleep", "hang", "pause"):
            return Order(do, self.id, task.get(_FIELDS[do]))
        held = promise()
        self._holds[held] = (do, now + task["ms"] / 1000 if do == "sleep" else None)
        return held

    def ends(self, held: Promise) -> float | None:
        """When who waits goes on by the clock."""
        ends = [one for one in (self._holds[held][1], self.healed_at) if one is not None]
        return min(ends) if ends else None

    def let_go(self, held: Promise) -> None:
        """Who waited goes on."""
        self._holds.pop(held, None)

    def release(self) -> None:
        self._go_on([held for held, (do, _) in self._holds.items() if do == "pause"])

    def heal(self) -> None:
        self.healed = True
        self._go_on(list(self._holds))

    def _go_on(self, all_held: list[Promise]) -> None:
        for held in all_held:
            del self._holds[held]
            held.set_result(None)


_FIELDS = {"throw": "error", "return": "value", "kill": "signal", "exit": "code"}


def _glob(pattern: str) -> re.Pattern[str]:
    """`*` stands for a part of one name, `**` for any number of names."""
    forms = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*)", pattern)
    return re.compile("".join(forms.get(part, re.escape(part)) for part in parts), re.DOTALL)
