"""Checks a value that came over the bridge against a Python annotation, and brings it into its form.

JavaScript has one number type and no tuples or dataclasses, so a whole number is taken for a float, a list
for a tuple, and a dict for a dataclass. An annotation that is not understood here lets everything through.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, TypeVar, Union

from ophion._errors import key_step
from ophion._values import Blob, Tensor

T = TypeVar("T")

# Which annotations a list or a dict fits as it is.
LISTS: set[Any] = {
    list,
    collections.abc.Sequence,
    collections.abc.Iterable,
    collections.abc.MutableSequence,
    collections.abc.Collection,
}
DICTS: set[Any] = {dict, collections.abc.Mapping, collections.abc.MutableMapping}


class Mismatch(Exception):
    """A value is not what an annotation asks for. `where` is the place inside it, empty for all of it."""

    def __init__(self, expected: str, value: object, where: str = "") -> None:
        super().__init__(expected)
        got = "nothing" if value is None else type(value).__name__
        self.reason = f"expected {expected}, got {got}"
        self.where = where

    @classmethod
    def because(cls, reason: str, where: str = "") -> Mismatch:
        """A mismatch that somebody else has put into words."""
        mismatch = cls("", None, where)
        mismatch.reason = reason
        return mismatch

    def below(self, step: str) -> Mismatch:
        """The same mismatch, seen from one level further out."""
        self.where = step + self.where
        return self

    def __str__(self) -> str:
        return f"{self.reason}{' at ' + self.where if self.where else ''}"


def conform(value: Any, hint: Any) -> Any:
    """The value as the annotation has it. Fails with `Mismatch`."""
    if hint is Any or hint is object or isinstance(hint, str | TypeVar):
        return value
    if hint is None or hint is type(None):
        return _expect(value is None, value, "None")
    checker = _EXACT.get(hint) if isinstance(hint, type) else None
    if checker is not None:
        return checker(value)
    origin = typing.get_origin(hint)
    if origin is not None:
        return _generic(value, origin, typing.get_args(hint), hint)
    if isinstance(hint, type):
        return _instance(value, hint)
    return conform(value, hint.__supertype__) if hasattr(hint, "__supertype__") else value


def described(hint: Any) -> str:
    """An annotation as text, close to how it was written."""
    if isinstance(hint, str):
        return hint
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        return "None" if hint is type(None) else hint.__qualname__
    return str(hint).replace("typing.", "").replace("collections.abc.", "")


def _expect(fits: bool, value: Any, expected: str) -> Any:
    if not fits:
        raise Mismatch(expected, value)
    return value


def _int(value: Any) -> Any:
    # bool is an int in Python and nowhere else.
    return _expect(isinstance(value, int) and not isinstance(value, bool), value, "int")


def _float(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _expect(isinstance(value, float), value, "float")


_EXACT: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: _expect(isinstance(value, bool), value, "bool"),
    int: _int,
    float: _float,
}


def _generic(value: Any, origin: Any, args: tuple[Any, ...], hint: Any) -> Any:
    if origin is Union or origin is types.UnionType:
        return _union(value, args, hint)
    if origin is Literal:
        fits = any(value == choice and type(value) is type(choice) for choice in args)
        return _expect(fits, value, described(hint))
    if origin is typing.Annotated:
        return conform(value, args[0])
    if origin is tuple:
        return _tuple(value, args or (Any, ...), hint)
    if origin in LISTS:
        _expect(isinstance(value, list), value, described(hint))
        inner = args[0] if args else Any
        return [_item(item, inner, f"[{index}]") for index, item in enumerate(value)]
    if origin in DICTS:
        _expect(isinstance(value, Mapping), value, described(hint))
        inner = args[1] if args else Any
        return {key: _item(item, inner, key_step(key)) for key, item in value.items()}
    if isinstance(origin, type):
        return _instance(value, origin)
    return value


def _item(value: Any, hint: Any, step: str) -> Any:
    try:
        return conform(value, hint)
    except Mismatch as mismatch:
        raise mismatch.below(step) from None


def _union(value: Any, members: tuple[Any, ...], hint: Any) -> Any:
    found: list[Any] = []
    for member in members:
        try:
            result = conform(value, member)
        except Mismatch:
            continue
        if type(result) is type(value):
            return result  # a member that needed no change wins: 2 stays an int in `float | int`
        found.append(result)
    return found[0] if found else _expect(False, value, described(hint))


def _tuple(value: Any, args: tuple[Any, ...], hint: Any) -> Any:
    _expect(isinstance(value, list | tuple), value, described(hint))
    if len(args) == 2 and args[1] is Ellipsis:
        args = (args[0],) * len(value)
    _expect(len(args) == len(value), value, described(hint))
    return tuple(_item(item, arg, f"[{index}]") for index, (item, arg) in enumerate(zip(value, args, strict=True)))


def _instance(value: Any, hint: type) -> Any:
    if typing.is_typeddict(hint):
        return _typed_dict(value, hint)
    if isinstance(value, hint):
        return value
    if hint is tuple and isinstance(value, list):
        return tuple(value)
    if hint is memoryview and isinstance(value, bytes):
        return memoryview(value)
    if issubclass(hint, Enum):
        try:
            return hint(value)
        except (ValueError, TypeError):
            raise Mismatch(f"one of {', '.join(repr(member.value) for member in hint)}", value) from None
    if isinstance(value, Mapping):
        if dataclasses.is_dataclass(hint):
            return _dataclass(value, hint)
        validate = getattr(hint, "model_validate", None)
        if callable(validate):
            return _made(lambda: validate(value), hint)
    if isinstance(value, Blob) and hint is bytes:
        return value.data
    if isinstance(value, Tensor):
        if hint.__module__ == "numpy" and hint.__name__ == "ndarray":
            return value.numpy()
        if hint.__module__ == "torch" and hint.__name__ == "Tensor":
            # Its tensors may be written to, the bytes of a value may not.
            return sys.modules["torch"].from_numpy(value.numpy().copy())
    raise Mismatch(described(hint), value)


def _made(make: Callable[[], Any], hint: type) -> Any:
    """What a class makes of a value. Its own checks raise these, as pydantic's do."""
    try:
        return make()
    except (ValueError, TypeError, AssertionError) as error:
        raise _refused_by(hint, error) from None


def _refused_by(hint: type, error: Exception) -> Mismatch:
    errors = getattr(error, "errors", None)
    if not callable(errors):
        return Mismatch.because(f"{described(hint)} refuses it: {error}")
    found = errors()
    where = "".join(key_step(step) if isinstance(step, str) else f"[{step}]" for step in found[0]["loc"])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Mismatch.because(f"{described(hint)} refuses it: {found[0]['msg']}{more}", where)


def _fields(value: Any, hint: type, names: set[str], required: set[str]) -> dict[str, Any]:
    _expect(isinstance(value, Mapping), value, described(hint))
    wrong = [f"without {name!r}" for name in sorted(required - value.keys())]
    wrong += [f"with {key!r}" for key in value if key not in names]
    if wrong:
        raise Mismatch.because(f"expected {described(hint)}, got a dict {', '.join(wrong)}")
    hints = hints_of(hint)
    return {key: _item(item, hints.get(key, Any), key_step(key)) for key, item in value.items()}


def _typed_dict(value: Any, hint: Any) -> Any:
    return _fields(value, hint, set(hints_of(hint)) | set(hint.__annotations__), required_keys(hint))


def required_keys(hint: Any) -> set[str]:
    """The keys that a TypedDict must have."""
    # In text form, as with `from __future__ import annotations`, the class itself does not know of these marks.
    marks = {key: getattr(typing.get_origin(each), "_name", None) for key, each in hints_of(hint, extras=True).items()}
    required = {key for key in hint.__required_keys__ if marks.get(key) != "NotRequired"}
    return required | {key for key, mark in marks.items() if mark == "Required"}


def _dataclass(value: Any, hint: Any) -> Any:
    fields = [field for field in dataclasses.fields(hint) if field.init]
    missing = dataclasses.MISSING
    required = {f.name for f in fields if f.default is missing and f.default_factory is missing}
    given = _fields(value, hint, {field.name for field in fields}, required)
    return _made(lambda: hint(**given), hint)


def hints_of(target: Any, *, extras: bool = False) -> dict[str, Any]:
    """The evaluated annotations of a class or function, without those that name something which exists only for the
    type checker. `extras`: with what `Annotated` and `Required` say.
    """
    try:
        return typing.get_type_hints(target, include_extras=extras)
    except Exception:
        pass
    hints: dict[str, Any] = {}
    for owner in reversed(target.__mro__) if isinstance(target, type) else [target]:
        for name, annotation in _annotations(owner).items():
            one = types.SimpleNamespace(__annotations__={name: annotation})
            try:
                hints.update(typing.get_type_hints(one, _globals(owner), include_extras=extras))
            except Exception:
                hints.pop(name, None)
    return hints


def _annotations(owner: Any) -> dict[str, Any]:
    try:
        return inspect.get_annotations(owner)
    except Exception:
        return {}


def _globals(owner: Any) -> dict[str, Any]:
    if not isinstance(owner, type):
        return dict(getattr(owner, "__globals__", {}))
    module = sys.modules.get(owner.__module__)
    return {} if module is None else dict(vars(module))
