"""The package itself: what it offers, and how little of it is imported before it is asked for."""

from __future__ import annotations

import subprocess
import sys

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
