"""What stands for the types of a tool, and what a module is described as."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from ophion._tool import made


def signature(function: Callable[..., Any]) -> str:
    return made(function, "one").types.signature


def first(a: int, b: str = "x") -> float:
    """Says something."""
    return 0.0


def other_remarks(a: Annotated[int, "how many"], b: str = "y") -> float:
    return 0.0


def other_name(a: int, c: str = "x") -> float:
    return 0.0


def required(a: int, b: str) -> float:
    return 0.0


def other_answer(a: int, b: str = "x") -> str:
    return ""


def test_it_stands_for_types_alone() -> None:
    assert signature(first) == signature(other_remarks)
    others = [signature(one) for one in (first, other_name, required, other_answer)]
    assert len(set(others)) == 4


@dataclass
class Plain:
    description: int
    default: str


@dataclass
class Renamed:
    description: int
    title: str


def takes_plain(item: Plain) -> None: ...
def takes_renamed(item: Renamed) -> None: ...


def test_fields_that_are_named_as_remarks_are_fields() -> None:
    assert signature(takes_plain) != signature(takes_renamed)
    assert "default" in made(takes_plain, "one").types.input["$defs"]["Plain"]["properties"]


@pytest.fixture
def describe(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "its_tools.py").write_text(source)
        command = [sys.executable, "-m", "ophion", *(arguments or ("--describe", "its_tools"))]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_a_module_is_described_whatever_it_prints(describe: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = describe(
        "import os\nfrom ophion import tool\nprint('hello')\nos.system('echo from a child')\n"
        "@tool\ndef add(a: int) -> int:\n    'Adds.'\n    return a\n"
    )
    (described,) = json.loads(done.stdout)["tools"]
    assert (described["name"], described["description"], described["stream"]) == ("add", "Adds.", False)
    assert described["input"]["properties"] == {"a": {"type": "integer"}}
    assert described["output"] == {"type": "integer"}
    assert "hello" in done.stderr
    assert "from a child" in done.stderr


def test_one_that_does_not_load_says_why(describe: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = describe("raise ValueError('no')")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the module 'its_tools' does not load: ValueError: no" in done.stderr
    assert describe("", "--describe").returncode == 2
