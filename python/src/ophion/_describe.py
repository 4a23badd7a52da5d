"""`python -m ophion --describe MODULE...`: what the tools of modules take and answer, as one line of JSON on standard
output, for whoever makes types of it (`npx ophion types`). Nothing is dialled and nothing runs but the modules.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from ophion._tool import Tool, registry

NOT_LOADED = 3


def main(modules: Sequence[str]) -> int:
    """Answers the exit code: 3 when a module does not load, with its traceback on standard error."""
    # What a module prints while it loads is no part of the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException as error:
            traceback.print_exc()
            print(f"ophion: the module {name!r} does not load: {type(error).__name__}: {error}", file=sys.stderr)
            return NOT_LOADED
    text = json.dumps({"tools": [described(one) for one in registry.all().values()]}, separators=(",", ":"))
    with os.fdopen(answer, "w", encoding="utf-8") as out:
        out.write(text + "\n")
    return 0


def described(one: Tool) -> dict[str, Any]:
    """A tool, with its types as JSON Schema without a bound; `output` is None when its function does not say."""
    types = one.types
    return {
        "name": one.name,
        "description": one.description,
        "stream": one.streams,
        "input": types.input,
        "output": types.output,
        "signature": types.signature,
    }
