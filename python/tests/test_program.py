"""`ophion.program`: a DSPy program as data, on the variables of the session, through a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from host import Host

from ophion import StateError
from ophion import _program as program
from ophion._codec import decode, decode_map
from ophion._gen import bridge_pb2
from ophion.testing import session

QA: dict[str, Any] = {
    "module": "Predict",
    "signature": "question -> answer",
    "bindings": {"temperature": "temperature"},
    "inputs": {"question": "Why is the sky blue?"},
}


class TestWithDspy:
    @pytest.fixture
    def host(self) -> Iterator[Host]:
        pytest.importorskip("dspy", reason="the Python package dspy is not installed")
        with Host(variables={"temperature": 0.9}) as host:
            host.ready(preload=["dspy"], environment={"OPHION_LM": "stand-in"})
            yield host

    def test_it_answers_outputs_and_reports_what_the_engine_received(self, host: Host) -> None:
        result = host.open("ophion.program", **QA).result()
        assert list(decode(result.value)) == ["answer"]
        facts = decode_map(result.facts)
        assert facts["bound"] == {"temperature": 0.9}
        assert facts["lm_calls"][0]["temperature"] == 0.9
        assert (facts["revision"], result.revision) == (1, 1)

    def test_a_stream_yields_tokens_and_ends_with_the_outputs(self, host: Host) -> None:
        exchange = host.open("ophion.program_stream", stream=True, **QA)
        exchange.say(credit=bridge_pb2.Credit(items=1000))
        tokens = []
        while (message := exchange.next()).WhichOneof("body") == "item":
            tokens.append(decode(message.item.value))
        outputs = decode(message.result.value)
        assert "".join(token["text"] for token in tokens).strip() == outputs["answer"].strip()
        assert {token["field"] for token in tokens} == {"answer"}

    def test_what_does_not_fit_is_the_programs_error(self, host: Host) -> None:
        fault = host.open("ophion.program", **{**QA, "inputs": {}}).result().fault
        assert (fault.code, fault.type) == ("tool_failed", "ProgramError")
        assert "the input 'question' is missing" in fault.message
        fault = host.open("ophion.program", **{**QA, "bindings": {"temperature": "heat"}}).result().fault
        assert decode_map(fault.details)["code"] == "not_found"


class TestWithoutDspy:
    @pytest.fixture(autouse=True)
    def no_dspy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import importlib.util
        import sys

        for name in [name for name in sys.modules if name == "ophion.dspy" or name.startswith("ophion.dspy.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "dspy", None)
        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "dspy" else find(name))

    def test_the_catalog_does_not_offer_what_is_not_there(self) -> None:
        assert list(program.tools()) == ["ophion.function", "ophion.function_stream"]

    def test_a_call_says_what_is_missing(self) -> None:
        with session() as context, pytest.raises(StateError, match=r"pip install 'ophion\[dspy\]'") as caught:
            program.run(context, "Predict", {})
        assert caught.value.code == "unavailable"
