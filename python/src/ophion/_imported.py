"""What a program names by `package.module:name`: imported when it is needed, or refused by what its import said."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ophion._program_error import ProgramError


def imported(name: str) -> Callable[..., Any]:
    """What `package.module:Name` names. Fails with `ProgramError` `bad_module`: which module, what its import said."""
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise ProgramError(f"{name!r} is no 'package.module:Name'", "bad_module", module=name)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a module may raise anything while it is imported
        said = f"{type(error).__name__}: {error}"
        raise ProgramError(
            f"the module {module_name!r} does not import: {said}", "bad_module", module=module_name
        ) from error
    found: Any = module
    for step in attribute.split("."):
        found = getattr(found, step, None)
    if found is None:
        names = [known for known, value in vars(module).items() if callable(value) and value.__module__ == module_name]
        there = ", ".join(names[:20]) or "nothing to call"
        raise ProgramError(
            f"the module {module_name!r} has no {attribute!r}; it has {there}", "bad_module", module=module_name
        )
    if not callable(found):
        kind = type(found).__name__
        raise ProgramError(f"{name!r} is {kind}, which cannot be called", "bad_module", module=module_name)
    make: Callable[..., Any] = found
    return make
