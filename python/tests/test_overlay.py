"""What a call writes together with its result: seen by itself at once, by others in one commit or never."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from ophion import Declaration, StateError, VariableNotFoundError
from ophion._codec import decode
from ophion._gen.variables_pb2 import CommitPlan, Variable
from ophion._operations import commit_plan
from ophion._overlay import Overlay, applied, expected
from ophion._state import Record
from ophion.testing import committed, session


def record(revision: int = 3, **values: object) -> Record:
    declare = {name: Declaration("json", value) for name, value in values.items()}
    return Record(1, revision, applied({}, commit_plan({}, {}, (), declare), revision))


def values(variables: Mapping[str, Variable]) -> dict[str, object]:
    return {name: decode(variables[name].value) for name in variables}


def expectations(plan: CommitPlan) -> dict[str, int | None]:
    return {one.name: one.version if one.HasField("version") else None for one in plan.expectations}


class TestATransaction:
    def test_reads_what_it_has_written_and_nobody_else_does(self) -> None:
        with session({"n": 1, "gone": 1}, writes="with_result") as context:
            variables = context.variables
            variables.set("n", 2)
            assert variables.update("n", lambda n: n + 1) == 3
            variables.commit(remove=["gone"], declare={"new": Declaration("integer", 5)})
            assert dict(variables) == {"n": 3, "new": 5}
            assert dict(context.snapshot()) == {"n": 3, "new": 5}
            assert committed(context) == {"n": 1, "gone": 1}
        assert committed(context) == {"n": 3, "new": 5}

    def test_writes_nothing_when_it_is_left_by_an_exception(self) -> None:
        whole = session({"n": 1}, writes="with_result")
        context = whole.__enter__()
        context.variables.set("n", 2)
        whole.__exit__(RuntimeError)
        assert committed(context) == {"n": 1}

    def test_is_one_revision_whatever_it_wrote(self) -> None:
        with session({"n": 1}, writes="with_result") as context:
            assert [context.variables.set("n", n) for n in (2, 3, 4)] == [2, 3, 4]
        assert context._scope.bridge.snapshot().revision == 2  # type: ignore[attr-defined]

    def test_refuses_what_a_commit_would_refuse_and_then_has_not_done_it(self) -> None:
        with session({"n": 1}, writes="with_result") as context:
            with pytest.raises(VariableNotFoundError):
                context.variables.set("nobody", 1)
            with pytest.raises(StateError, match="expected int"):
                context.variables.commit(set={"n": "text"})
            with pytest.raises(StateError) as caught:
                context.variables.commit(set={"n": 5}, expect={"n": 7})
            assert caught.value.code == "conflict"
            assert context.variables["n"] == 1
        assert committed(context) == {"n": 1}

    def test_takes_nothing_any_more_once_it_has_ended(self) -> None:
        with session({"n": 1}, writes="with_result") as context:
            pass
        with pytest.raises(StateError, match="it has ended"):
            context.variables.set("n", 2)


class TestWhatIsExpectedAtTheCommit:
    def test_the_version_of_what_was_read_before_it_was_written(self) -> None:
        overlay = Overlay(record(3, a=1, b=1, c=1))
        assert overlay.record.variables.get("a") is not None
        assert "nobody" not in overlay.record.variables
        overlay.commit(commit_plan({"a": 2, "b": 2}, {}, (), {"nobody": Declaration("json", 1)}))
        # Reading what it has written itself says nothing about others.
        assert overlay.record.variables.get("b") is not None
        assert expectations(overlay.writes()) == {"a": 3, "nobody": None}

    def test_what_the_tool_named_itself_also_where_it_does_not_write(self) -> None:
        overlay = Overlay(record(3, a=1, b=1))
        overlay.commit(commit_plan({"a": 2}, {"b": 3, "absent": None}, (), {}))
        assert expectations(overlay.writes()) == {"b": 3, "absent": None}

    def test_never_a_version_that_exists_in_the_transaction_alone(self) -> None:
        overlay = Overlay(record(3, a=1))
        overlay.commit(commit_plan({"a": 2}, {}, (), {}))
        version = overlay.record.variables["a"].version
        overlay.commit(commit_plan({"a": 3}, {"a": version}, (), {}))
        assert expectations(overlay.writes()) == {}


class TestANestedCall:
    def test_sees_what_was_written_and_says_what_it_wrote_itself(self) -> None:
        outer = Overlay(record(3, a=1, b=1))
        outer.commit(commit_plan({"a": 2}, {}, (), {}))
        inner = Overlay(record(4, a=1, b=1), outer.pending())
        assert values(inner.record.variables) == {"a": 2, "b": 1}
        inner.commit(commit_plan({"b": 3}, {}, (), {}))
        assert [one.name for one in inner.writes().assignments] == ["b"]
        outer.merge(inner.writes())
        assert values(outer.record.variables) == {"a": 2, "b": 3}
        assert {one.name for one in outer.writes().assignments} == {"a", "b"}

    def test_collides_with_what_was_written_beside_it(self) -> None:
        outer = Overlay(record(3, a=1))
        first, second = (Overlay(outer.base, outer.pending()) for _ in range(2))
        for inner in (first, second):
            value = decode(inner.record.variables["a"].value)
            inner.commit(commit_plan({"a": value + 1}, {}, (), {}))
        outer.merge(first.writes())
        with pytest.raises(StateError, match="'a' was changed while a nested call used it"):
            outer.merge(second.writes())
        assert values(outer.record.variables) == {"a": 2}

    def test_collides_when_it_has_read_another_version_than_its_caller(self) -> None:
        outer = Overlay(record(3, a=1))
        assert outer.record.variables.get("a") is not None
        inner = Overlay(record(4, a=9), outer.pending())
        assert inner.record.variables.get("a") is not None
        inner.commit(commit_plan({"a": 10}, {}, (), {}))
        with pytest.raises(StateError, match="'a' was changed"):
            outer.merge(inner.writes())

    def test_is_told_when_the_session_was_changed_so_that_the_transaction_fits_no_more(self) -> None:
        outer = Overlay(record(3, a=1))
        outer.commit(commit_plan({"a": 2}, {}, (), {}))
        with pytest.raises(StateError) as caught:
            Overlay(record(4), outer.pending())
        assert caught.value.code == "conflict"


NAMES = ("a", "b", "c", "d")


def random_plan(chance: random.Random) -> CommitPlan:
    def some(most: int) -> list[str]:
        return chance.sample(NAMES, chance.randint(0, most))

    kinds = (Declaration("integer", 0), Declaration("string", ""))
    return commit_plan(
        {name: chance.choice((1, 2, "x")) for name in some(2)},
        {},
        some(1) if chance.random() < 0.4 else (),
        {name: chance.choice(kinds) for name in some(2)} if chance.random() < 0.5 else {},
    )


def refused(plan: CommitPlan, variables: Mapping[str, Variable]) -> str | None:
    try:
        applied(variables, plan, 6)
    except StateError as error:
        return error.code
    return None


@pytest.mark.parametrize("seed", range(200))
def test_committing_a_transaction_is_committing_its_steps(seed: int) -> None:
    """Also when some of the steps were made in nested calls."""
    chance = random.Random(seed)
    base = Record(1, 5, applied({}, commit_plan({}, {}, (), {"a": Declaration("integer", 7)}), 5))
    outer = Overlay(base)
    directly: Mapping[str, Variable] = base.variables
    for _ in range(12):
        nested = chance.random() < 0.4
        target = Overlay(base, outer.pending()) if nested else outer
        for _ in range(chance.randint(1, 3)):
            plan = random_plan(chance)
            refusal = refused(plan, directly)
            if refusal is None:
                target.commit(plan)
                directly = applied(directly, plan, 6)
            else:
                with pytest.raises(StateError) as caught:
                    target.commit(plan)
                assert caught.value.code == refusal
        if nested:
            outer.merge(target.writes())
        assert values(outer.record.variables) == values(directly)
    whole = outer.writes()
    expected(base.variables, whole)
    end = applied(base.variables, whole, 6)
    assert values(end) == values(directly)
    assert {name: one.type for name, one in end.items()} == {name: one.type for name, one in directly.items()}
