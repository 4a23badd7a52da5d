"""`@tool` leaves the function as it is and knows what it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import ophion
from ophion import AsyncSessionContext, SessionContext, StateError
from ophion._catalog import Offer, catalog, offered
from ophion._codec import encode_map
from ophion._errors import StartError
from ophion._gen import bridge_pb2, tools_pb2
from ophion._limits import Limits
from ophion._tool import Registry, made, registry, tool


@dataclass
class Point:
    x: int

    def __post_init__(self) -> None:
        if self.x > 10:
            raise ValueError("too far")


def greet(session: SessionContext, name: str, times: int = 1, *, loud: bool = False) -> list[str]:
    """Greet somebody.

    More about it.
    """
    return [name] * times


def test_it_returns_the_function_unchanged() -> None:
    def one() -> None: ...

    assert tool(one) is one
    assert tool(name="test.two")(one) is one
    assert {"one", "test.two"} <= registry.all().keys()


class TestWhatACatalogSays:
    def test_name_description_parameters_and_result_come_from_the_function(self) -> None:
        said = made(greet).description_message()
        assert said.name == "greet"
        assert said.description == "Greet somebody.\n\nMore about it."
        assert [(one.name, one.type, one.required) for one in said.parameters] == [
            ("name", "str", True),
            ("times", "int", False),
            ("loud", "bool", False),
        ]
        assert said.returns == "list[str]"
        assert said.stream is False

    def test_generators_stream(self) -> None:
        def items() -> Iterator[int]:
            yield 1

        async def later() -> AsyncIterator[int]:
            yield 1

        assert made(items).streams
        assert made(later).streams
        assert made(later).is_async

    def test_the_worker_has_its_own_tools_beside_those_of_the_module(self) -> None:
        pytest.importorskip("dspy", reason="the Python package dspy is not installed")
        assert {"ophion.program", "ophion.program_stream", "ophion.optimize"} <= offered().keys()

    def test_a_catalog_that_fits_is_all_in_the_ready_frame(self) -> None:
        offer = catalog({"greet": made(greet)}, Limits())
        assert bridge_pb2.Catalog.FromString(offer.ready).tools[0] == made(greet).description_message()
        assert offer.more == ()

    def test_a_catalog_that_does_not_fit_into_a_frame_says_all_names_first(self) -> None:
        tools = {name: made(greet, name, "first line\n" + "x" * 10_000) for name in map(str, range(10))}
        offer = catalog(tools, Limits())
        first = bridge_pb2.Catalog.FromString(offer.ready).tools
        assert [(one.name, one.description) for one in first] == [(name, "") for name in tools]
        assert first[0].input_schema == ""
        assert more_of(offer) == [one.description_message() for one in tools.values()]
        assert len(offer.more) == 2

    def test_names_that_do_not_fit_into_a_frame_go_on_in_messages(self) -> None:
        limits = Limits()
        tools = {name: made(greet, name, "x") for name in (f"tool-{number:04}-{'x' * 50}" for number in range(2000))}
        offer = catalog(tools, limits)
        assert all(len(part) <= limits.max_frame_bytes - 64 for part in (offer.ready, *offer.more))
        first = bridge_pb2.Catalog.FromString(offer.ready).tools
        assert 600 < len(first) < 2000
        assert {one.name for one in [*first, *more_of(offer)] if one.input_schema} == tools.keys()

    def test_more_tools_than_the_host_takes_are_refused(self) -> None:
        one = made(greet)
        with pytest.raises(StartError, match="10001 tools are more than"):
            catalog(dict.fromkeys(map(str, range(10_001)), one), Limits())

    def test_a_description_beyond_all_measure_is_cut(self) -> None:
        said = catalog({"t": made(greet, "t", "\u00e9" * 40_000)}, Limits())
        [read] = bridge_pb2.Catalog.FromString(said.ready).tools
        assert 31_000 < read.ByteSize() <= 32 * 1024
        assert read.input_schema


def more_of(offer: Offer) -> list[tools_pb2.ToolDescription]:
    parts = [bridge_pb2.WorkerMessage.FromString(part).catalog for part in offer.more]
    return [one for part in parts for one in part.tools]


class TestWrites:
    def test_what_cannot_be_is_refused_where_it_is_said(self) -> None:
        with pytest.raises(ValueError, match="say idempotent=True if that is safe"):
            tool(name="test.w1", writes="with_result", on_conflict="rerun")(greet)
        with pytest.raises(ValueError, match="only what is written with the result collides"):
            tool(name="test.w2", on_conflict="rerun", idempotent=True)(greet)
        with pytest.raises(ValueError, match="writes is immediate or with_result"):
            tool(name="test.w3", writes="later")(greet)  # type: ignore[call-overload]
        assert not {"test.w1", "test.w2", "test.w3"} & registry.all().keys()


class TestTheSession:
    def test_is_the_first_parameter_by_its_annotation(self) -> None:
        def by_module(session: ophion.SessionContext) -> None: ...

        async def by_name(session: AsyncSessionContext) -> None: ...

        def without(session: str) -> None: ...

        assert made(by_module).session is SessionContext
        assert made(by_name).session is AsyncSessionContext
        assert made(without).session is None

    def test_is_of_the_kind_that_the_function_is(self) -> None:
        async def wrong(session: SessionContext) -> None: ...

        def wrong_too(session: AsyncSessionContext) -> None: ...

        with pytest.raises(TypeError, match="'wrong' is async: its session is a AsyncSessionContext"):
            made(wrong)
        with pytest.raises(TypeError, match="'wrong_too' is sync: its session is a SessionContext"):
            made(wrong_too)

    def test_is_nowhere_else(self) -> None:
        def late(name: str, session: SessionContext) -> None: ...

        with pytest.raises(TypeError, match="the session is the first parameter"):
            made(late)


class TestArguments:
    @pytest.mark.parametrize(
        ("given", "message", "path"),
        [
            ({}, "missing argument 'name'", "$.name"),
            ({"name": "a", "odd key": "b"}, "unknown argument 'odd key'", '$["odd key"]'),
            ({"name": 1}, "argument 'name': expected str, got int", "$.name"),
            ({"name": "a", "times": True}, "argument 'times': expected int, got bool", "$.times"),
        ],
    )
    def test_that_do_not_fit_are_named_with_what_it_takes(self, given: dict[str, Any], message: str, path: str) -> None:
        with pytest.raises(StateError) as caught:
            made(greet).arguments.taken(encode_map(given))
        assert message in str(caught.value)
        assert "it takes (name: str, times: int = 1, loud: bool = False)" in str(caught.value)
        assert caught.value.code == "invalid"
        assert caught.value.details == {"tool": "greet", "path": path}

    def test_that_a_class_refuses_are_the_callers_mistake_with_their_place(self) -> None:
        def place(points: list[Point]) -> None: ...

        with pytest.raises(StateError, match="Point refuses it: too far") as caught:
            made(place).arguments.taken(encode_map({"points": [{"x": 1}, {"x": 100}]}))
        assert (caught.value.code, caught.value.details["path"]) == ("invalid", "$.points[1]")

    def test_that_fit_are_brought_into_form(self) -> None:
        def scaled(factor: float, **more: Any) -> None: ...

        assert made(scaled).arguments.taken(encode_map({"factor": 2, "x": 1})) == {"factor": 2.0, "x": 1}

    def test_of_a_type_that_only_the_checker_knows_are_taken_as_they_are(self) -> None:
        def unknown(value: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821

        assert made(unknown).arguments.taken(encode_map({"value": 1})) == {"value": 1}


class TestWhatIsNoTool:
    def test_positional_arguments(self) -> None:
        def spread(*names: str) -> None: ...

        def first(name: str, /) -> None: ...

        for function in (spread, first):
            with pytest.raises(TypeError, match="arguments come by name"):
                made(function)

    @pytest.mark.parametrize("name", ["", "with space", "-dash", "x" * 65])
    def test_a_bad_name(self, name: str) -> None:
        with pytest.raises(ValueError, match="a tool's name is"):
            made(greet, name)

    def test_two_functions_of_one_name(self) -> None:
        def other() -> None: ...

        tools = Registry()
        tools.add(made(greet, "same"))
        tools.add(made(greet, "same"))  # a reload
        with pytest.raises(ValueError, match="two tools are named 'same'"):
            tools.add(made(other, "same"))
