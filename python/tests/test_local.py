"""Objects that stay in a worker, and typed reads of variables."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Literal, TypedDict

import pytest

from ophion import (
    AsyncSessionContext,
    Declaration,
    LocalObjectLostError,
    PoolError,
    SessionContext,
    StateError,
)
from ophion._kept import MAX_OBJECTS, MAX_SESSIONS, KeptBySession
from ophion.testing import cancel, lose, session


class Model:
    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


# #region test
def answer(context: SessionContext) -> Model:
    return context.local.make("model", Model, close=Model.close)


def test_a_model_that_was_lost_is_loaded_again() -> None:
    with session(variables={"model": "small"}) as context:
        model = answer(context)
        assert answer(context) is model
        lose(context)
        assert answer(context) is not model


# #endregion


class TestLocalObjects:
    def test_one_is_made_once_and_closed_with_its_session(self) -> None:
        with session() as context:
            model = answer(context)
            assert answer(context) is model
            assert context.local["model"] is model
            assert context.local.get("model", Model) is model
            assert not model.closed.is_set()
        assert model.closed.wait(20)

    def test_one_that_is_not_here_is_lost_by_name_and_says_what_to_do(self) -> None:
        with session() as context:
            model = answer(context)
            lose(context)
            assert model.closed.wait(20)
            with pytest.raises(LocalObjectLostError, match="affinityMode 'strict_queue'") as lost:
                context.local["model"]
            assert isinstance(lost.value, PoolError)
            assert isinstance(lost.value, KeyError)
            assert (lost.value.code, lost.value.name, lost.value.details["name"]) == ("affinity_lost", "model", "model")
            # `make` need not care.
            assert answer(context) is not model

    def test_it_is_a_mapping_of_what_is_here(self) -> None:
        with session() as context:
            local = context.local
            local["a"] = 1
            assert local.put("b", 2) == 2
            assert ("a" in local, "c" in local, sorted(local), len(local)) == (True, False, ["a", "b"], 2)
            del local["a"]
            with pytest.raises(LocalObjectLostError):
                del local["a"]
            with pytest.raises(StateError, match="local object 'b' is a int, not a str"):
                local.get("b", str)
            assert repr(local) == "<Local of session 'test': b>"

    def test_what_is_replaced_or_removed_is_closed_and_the_same_again_is_not(self) -> None:
        with session() as context:
            first, second = Model(), Model()
            context.local.put("model", first, close=first.close)
            context.local.put("model", first, close=first.close)
            assert not first.closed.is_set()
            context.local.put("model", second, close=second.close)
            assert first.closed.wait(20)
            del context.local["model"]
            assert second.closed.wait(20)

    def test_whoever_asks_while_one_is_made_waits_for_it(self) -> None:
        making, go_on = threading.Event(), threading.Event()
        made: list[Model] = []

        def slow() -> Model:
            making.set()
            assert go_on.wait(20)
            return Model()

        with session() as context:

            def ask() -> None:
                made.append(context.local.make("model", slow))

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            assert making.wait(20)
            assert "model" not in context.local
            go_on.set()
            for thread in threads:
                thread.join(20)
            assert len(made) == 4
            assert len(set(map(id, made))) == 1

    def test_one_that_could_not_be_made_is_made_by_the_next(self) -> None:
        def fails() -> Model:
            raise OSError("no file")

        with session() as context:
            with pytest.raises(OSError, match="no file"):
                context.local.make("model", fails)
            assert answer(context) is context.local["model"]

    def test_the_session_may_end_while_one_is_made(self) -> None:
        model = Model()
        with session() as context:

            def make() -> Model:
                lose(context)
                return model

            assert context.local.make("model", make, close=Model.close) is model
            assert model.closed.wait(20)
            assert "model" not in context.local

    def test_a_session_has_so_many_at_most(self) -> None:
        with session() as context:
            for number in range(MAX_OBJECTS):
                context.local[str(number)] = number
            with pytest.raises(StateError, match="has 64 of them") as full:
                context.local["more"] = 1
            assert full.value.code == "quota"
            context.local["0"] = "in its own place"

    def test_the_session_that_was_used_least_recently_gives_way(self) -> None:
        kept = KeptBySession()
        model = Model()
        kept.of("first").put("model", model, model.close)
        for number in range(MAX_SESSIONS - 1):
            kept.of(str(number))
        kept.of("first")
        kept.of("one more")
        assert "first" in list(kept)
        assert "0" not in list(kept)
        for number in range(MAX_SESSIONS):
            kept.of(str(number))
        assert model.closed.wait(20)

    def test_what_fails_to_close_harms_nobody(self, capsys: pytest.CaptureFixture[str]) -> None:
        def fails() -> None:
            raise OSError("cannot close")

        kept = KeptBySession()
        model = Model()
        kept.of("s").put("model", model, model.close)
        kept.of("s").put("bad", 1, fails)
        kept.drop("s")
        assert model.closed.wait(20)
        kept.end(20)
        assert "cannot close" in capsys.readouterr().err

    def test_who_waits_is_told_that_he_is_given_up(self) -> None:
        making, go_on = threading.Event(), threading.Event()

        def slow() -> int:
            making.set()
            assert go_on.wait(20)
            return 1

        with session() as context:
            thread = threading.Thread(target=lambda: context.local.make("n", slow))
            thread.start()
            assert making.wait(20)
            threading.Timer(0.01, cancel, (context,)).start()
            with pytest.raises(Exception, match="gave up"):
                context.local.make("n", slow)
            go_on.set()
            thread.join(20)


def test_async_tools_have_them_too() -> None:
    async def use(context: AsyncSessionContext) -> None:
        async def make() -> Model:
            await asyncio.sleep(0)
            return Model()

        made = await asyncio.gather(*(context.local.make("model", make) for _ in range(3)))
        assert len(set(map(id, made))) == 1
        assert await context.local.make("plain", lambda: 3) == 3
        assert context.local.get("model", Model) is made[0]
        lose(context)
        with pytest.raises(LocalObjectLostError):
            context.local["model"]

    async def main() -> None:
        async with session() as context:
            await use(context)

    asyncio.run(main())


@dataclass
class Point:
    x: float
    y: float = 0.0


class Options(TypedDict):
    depth: int


class TestTypedReads:
    def test_they_give_what_the_annotation_says(self) -> None:
        variables = {"style": "short", "weights": [1, 0.5], "point": {"x": 1}, "options": {"depth": 3}, "none": None}
        with session(variables=variables) as context:
            read = context.variables
            assert read.get("style", Literal["short", "long"]) == "short"
            assert read.get("weights", list[float]) == [1.0, 0.5]
            assert read.get("point", Point) == Point(1.0)
            assert read.get("options", Options) == {"depth": 3}
            assert read.get("none", int | None) is None
            assert read.get("absent", int | None, None) is None
            with pytest.raises(StateError, match="variable 'style'"):
                read.get("style", Literal["long"])
            with pytest.raises(StateError, match=r"at \[1\]|expected int"):
                read.get("weights", list[int])

    def test_variables_are_a_mapping(self) -> None:
        with session(variables={"a": 1, "b": "x"}) as context:
            read = context.variables
            assert (list(read), read.keys(), read.values(), read.items()) == (
                ["a", "b"],
                ["a", "b"],
                [1, "x"],
                [("a", 1), ("b", "x")],
            )
            del read["a"]
            with pytest.raises(StateError, match="no variable named 'a'"):
                del read["a"]
            with read.batch() as batch:
                batch.declare({"c": Declaration("integer", 3)})
                del batch["b"]
            assert dict(read) == {"c": 3}
