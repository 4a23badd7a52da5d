"""The package itself: what it offers, and how little of it is imported before it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ophion


@pytest.mark.parametrize("name", ophion.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ophion, name) is not None
    assert name in dir(ophion)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'ophion' has no attribute 'tools'"):
        _ = ophion.tools


def test_importing_it_loads_nothing_heavy_and_what_dials_loads_nothing_of_calls() -> None:
    code = (
        "import sys, ophion\n"
        "print('asyncio' in sys.modules, 'google.protobuf' in sys.modules)\n"
        "import ophion._worker\n"
        "print([name for name in ('_runner', '_codec', '_session') if 'ophion.' + name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["False False", "[]"]


def test_nothing_in_it_reads_what_could_run_as_code() -> None:
    """Whatever the other side sends, no module is there that would make a program of it."""
    sources = sorted(Path(ophion.__file__).parent.rglob("*.py"))
    assert len(sources) > 20
    used: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                used.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                used.add(node.func.id)
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                used.add(node.arg)
    assert "threading" in used
    assert used.isdisjoint({"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "eval", "exec"})
    assert "allow_pickle" not in used
