"""Writes that are collected, and lists of names."""

from __future__ import annotations

import asyncio

import pytest

from ophion import Declaration, EncodeError, StateError, VariableNotFoundError
from ophion.testing import commit, committed, session


class TestABatch:
    def test_is_one_commit_at_the_end_and_reads_its_own_writes(self) -> None:
        with session({"a": 1, "b": 1, "c": 1}) as context:
            with context.variables.batch() as batch:
                batch["a"] = 2
                batch.set("a", batch.get("a", int) + 1)
                batch.remove("b")
                batch.declare({"d": Declaration("float", 0.5)})
                batch["d"] = 1.5
                assert dict(batch) == {"a": 3, "c": 1, "d": 1.5}
                assert dict(context.variables) == {"a": 1, "b": 1, "c": 1}
            assert dict(context.variables) == {"a": 3, "c": 1, "d": 1.5}
            assert context.variables.revision == 2

    def test_is_nothing_when_the_block_raises_and_when_nothing_was_written(self) -> None:
        with session({"a": 1}) as context:

            def change_its_mind() -> None:
                with context.variables.batch() as batch:
                    batch["a"] = 2
                    raise KeyError

            with pytest.raises(KeyError):
                change_its_mind()
            with context.variables.batch() as batch:
                assert batch["a"] == 1
            assert (context.variables["a"], context.variables.revision) == (1, 1)

    def test_collides_with_whoever_has_changed_what_it_read_and_wrote(self) -> None:
        with session({"a": 1, "b": 1}) as context:

            def be_late() -> None:
                with context.variables.batch() as batch:
                    batch["a"] = batch["a"] + 1
                    commit(context, set={"a": 10})

            with pytest.raises(StateError) as caught:
                be_late()
            assert caught.value.code == "conflict"
            with context.variables.batch() as batch:
                batch["a"] = 5
                commit(context, set={"a": 11})
            assert context.variables["a"] == 5, "written without being read"

    def test_refuses_at_the_write_what_does_not_fit(self) -> None:
        with session({"a": 1}) as context:
            with context.variables.batch() as batch:
                with pytest.raises(StateError, match="expected int, got str"):
                    batch["a"] = "one"
                with pytest.raises(VariableNotFoundError):
                    batch["b"] = 1
                with pytest.raises(VariableNotFoundError):
                    batch.remove("b")
                with pytest.raises(EncodeError):
                    batch["a"] = object()
            assert context.variables.revision == 1
            with pytest.raises(StateError, match="it has ended") as caught:
                batch["a"] = 2
            assert caught.value.code == "unavailable"

    def test_joins_what_is_written_with_the_result(self) -> None:
        with session({"a": 1, "b": 1}, writes="with_result") as context:
            context.variables["a"] = 2
            with context.variables.batch() as batch:
                batch["a"] = batch["a"] + 1
                batch["b"] = 7
            assert dict(context.variables) == {"a": 3, "b": 7}
            commit(context, set={"b": 9})
            assert committed(context) == {"a": 1, "b": 9}
        assert committed(context) == {"a": 3, "b": 7}, "b was written without being read"

    def test_that_has_read_what_it_wrote_collides_at_the_end_of_the_call(self) -> None:
        def be_late() -> None:
            with session({"b": 1}, writes="with_result") as context:
                with context.variables.batch() as batch:
                    batch["b"] = batch["b"] + 1
                commit(context, set={"b": 9})

        with pytest.raises(StateError) as caught:
            be_late()
        assert caught.value.code == "conflict"

    def test_in_async_code(self) -> None:
        async def body() -> None:
            async with session({"a": 1, "b": 1}) as context:
                async with context.variables.batch() as batch:
                    batch["a"] = 2
                    batch["b"] = batch["b"] + 1
                assert await context.variables.get("b") == 2
                assert context.variables.revision == 2

        asyncio.run(body())


def test_names_by_pattern_in_the_order_of_their_creation() -> None:
    with session({"lm_model": "x", "lm.size": 1, "temperature": 0.5, "model": "y"}) as context:
        variables = context.variables
        assert variables.names() == ["lm_model", "lm.size", "temperature", "model"]
        assert variables.names("lm*") == ["lm_model", "lm.size"]
        assert variables.names("*model") == ["lm_model", "model"]
        assert variables.names("lm.*") == ["lm.size"], "a dot is a dot"
        assert variables.names("t*p*e") == ["temperature"]
        assert variables.names("l*l") == ["lm_model"]
        assert variables.names("model*model") == [], "a letter is used once"
        assert variables.names("temp") == []
        assert context.snapshot().names("mo*") == ["model"]

    async def body() -> list[str]:
        async with session({"a": 1, "b": 1}) as context:
            return context.variables.names("b*")

    assert asyncio.run(body()) == ["b"]
