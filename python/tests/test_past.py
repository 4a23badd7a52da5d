"""What was, and making it so again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import pytest

from ophion import Declaration, SessionContext, StateError
from ophion._local_past import HISTORY_MAX
from ophion.testing import commit, committed, session


def test_the_history_has_the_newest_commits_oldest_first() -> None:
    with session({"a": 1, "b": "x"}) as context:
        context.variables["a"] = 2
        commit(context, set={"b": "y"}, remove=["a"])
        history = context.history()
        assert [(one.revision, dict(one.values), one.removed) for one in history.commits] == [
            (1, {"a": 1, "b": "x"}, ()),
            (2, {"a": 2}, ()),
            (3, {"b": "y"}, ("a",)),
        ]
        assert (history.revision, history.first) == (3, 1)
        at = history.commits[-1].committed_at
        assert at is not None
        assert abs((datetime.now(timezone.utc) - at).total_seconds()) < 60
        assert [one.revision for one in context.history(["a"], since=1).commits] == [2, 3]
        assert [dict(one.values) for one in context.history(["b"], limit=1).commits] == [{"b": "y"}]
        for wrong in (lambda: context.history(limit=0), lambda: context.history(since=-1), lambda: context.at(-1)):
            with pytest.raises(StateError) as error:
                wrong()
            assert error.value.code == "invalid"


def test_an_earlier_revision_is_read_as_it_was() -> None:
    with session({"a": 1, "b": "x"}) as context:
        context.variables["a"] = 2
        context.variables.commit(remove=["b"], declare={"c": Declaration("float", 0.5)})
        past = context.at(2)
        assert (past.revision, dict(past)) == (2, {"a": 2, "b": "x"})
        assert past.get("a", int) == 2
        with pytest.raises(StateError) as error:
            context.at(9)
        assert error.value.code == "rewound"
        for n in range(HISTORY_MAX):
            commit(context, set={"a": n})
        with pytest.raises(StateError) as error:
            context.at(2)
        assert error.value.code == "compacted"


def test_going_back_is_one_commit_of_what_differs() -> None:
    with session({"a": 1, "b": "x", "same": 0.5}) as context:
        context.variables.commit(
            remove=["b"], set={"a": 2}, declare={"c": Declaration("float", 1.5, {"min": 0}, "a new one")}
        )
        # Another type under the same name.
        context.variables.commit(declare={"b": Declaration("integer", 7)})
        assert context.rollback(1) == 4
        assert dict(context.variables) == {"a": 1, "same": 0.5, "b": "x"}
        last = context.history().commits[-1]
        assert (dict(last.values), last.removed) == ({"a": 1, "b": "x"}, ("c",))
        # Nothing differs any more.
        assert context.rollback(1) == 4
        assert context.rollback(3, ["c", "b"]) == 5
        assert dict(context.variables) == {"a": 1, "same": 0.5, "b": 7, "c": 1.5}
        assert context.rollback(1, []) == 5
        with pytest.raises(StateError) as error:
            context.rollback(9)
        assert error.value.code == "rewound"


def test_going_back_begins_anew_when_others_write_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    with session({"a": 1, "b": 1}) as context:
        context.variables["a"] = 2
        _interfere(context, monkeypatch, {"a": 3})
        assert context.rollback(1) == 4
        assert dict(context.variables) == {"a": 1, "b": 1}
        # Of those that were asked for none may have changed, of others those that are written.
        context.variables["a"] = 2
        _interfere(context, monkeypatch, {"b": 5})
        assert context.rollback(1) == 7
        assert dict(context.variables) == {"a": 1, "b": 5}


def _interfere(context: SessionContext, monkeypatch: pytest.MonkeyPatch, writes: dict[str, int]) -> None:
    """Somebody writes between the reading and the commit, once."""
    bridge = context._scope.bridge
    opened = bridge.open
    todo = [writes]

    def open_(message: object, elsewhere: object = None) -> object:
        if message.HasField("commit") and todo:  # type: ignore[attr-defined]
            commit(context, set=todo.pop())
        return opened(message, elsewhere)  # type: ignore[arg-type]

    monkeypatch.setattr(bridge, "open", open_)


def test_in_a_transaction_it_is_a_part_of_that() -> None:
    with session({"a": 1, "b": 1}, writes="with_result") as context:
        commit(context, set={"b": 2})
        context.variables["a"] = 5
        context.rollback(1)
        assert dict(context.variables) == {"a": 1, "b": 1}
        assert committed(context) == {"a": 1, "b": 2}
        assert [one.revision for one in context.history().commits] == [1, 2]


def test_the_same_in_async_code() -> None:
    async def run() -> None:
        async with session({"a": 1}) as context:
            await context.variables.set("a", 2)
            assert [one.revision for one in (await context.history(limit=1)).commits] == [2]
            assert dict(await context.at(1)) == {"a": 1}
            assert await context.rollback(1) == 3
            assert await context.variables.get("a") == 1

    asyncio.run(run())
