"""JSON Schema (draft 2020-12) of what a tool takes and answers, from its annotations: the same that `_conform` checks.

What JSON has no form for (bytes, points in time, tensors) has no `type` and is named by the keyword `x-ophion`. An
annotation that is not understood is `{}`, which allows everything, as the check does. A schema that would be too
large loses its deepest levels first.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import importlib
import inspect
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypeVar, Union

from ophion._codec import MAX_DEPTH
from ophion._conform import DICTS, LISTS, hints_of, required_keys
from ophion._values import Blob, Tensor

Schema = dict[str, Any]

# The most bytes of one schema in the catalog, and how deep it goes: the first of these depths that fits.
MAX_SCHEMA_BYTES = 8 * 1024
_DEPTHS = (8, 4, 2, 1, 0)

_STREAMS = {
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
}
_PLAIN: dict[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    type(None): {"type": "null"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
    bytes: {"x-ophion": "bytes"},
    memoryview: {"x-ophion": "bytes"},
    Blob: {"x-ophion": "bytes"},
    datetime: {"x-ophion": "instant"},
    Tensor: {"x-ophion": "tensor"},
}


def input_schema(function: Callable[..., Any], parameters: Iterable[inspect.Parameter]) -> str:
    """The arguments of a tool as one object, as JSON text; empty when even their names do not fit."""
    hints = hints_of(function, extras=True)
    return _bounded(lambda depth: _arguments(parameters, hints, depth))


def output_schema(function: Callable[..., Any], streams: bool) -> str:
    """What a tool answers, or one of its items when it streams; empty when its function does not say."""
    hint = _answer_of(hints_of(function, extras=True), streams)
    return "" if hint is _NONE else _bounded(lambda depth: _answer(hint, depth))


def whole_schemas(
    function: Callable[..., Any], parameters: Iterable[inspect.Parameter], streams: bool
) -> tuple[Schema, Schema | None]:
    """Both, as deep as values may be nested."""
    hints = hints_of(function, extras=True)
    hint = _answer_of(hints, streams)
    return _arguments(parameters, hints, MAX_DEPTH), None if hint is _NONE else _answer(hint, MAX_DEPTH)


def _answer_of(hints: Mapping[str, Any], streams: bool) -> Any:
    """What it answers, or one of its items; `_NONE` when its function does not say."""
    hint = hints.get("return", _NONE)
    if hint is _NONE or not streams:
        return hint
    return (*typing.get_args(hint), Any)[0] if typing.get_origin(hint) in _STREAMS else _NONE


def _answer(hint: Any, depth: int) -> Schema:
    walk = _Walk("serialization")
    return walk.whole(walk.of(hint, depth))


def _bounded(make: Callable[[int], Schema]) -> str:
    for depth in _DEPTHS:
        text = json.dumps(make(depth), separators=(",", ":"))
        if len(text) <= MAX_SCHEMA_BYTES:
            return text
    return ""


def _arguments(parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any], depth: int) -> Schema:
    walk = _Walk("validation")
    fields: dict[str, Schema] = {}
    required = []
    more = False
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            more = True
            continue
        schema = walk.of(hints.get(parameter.name, Any), depth)
        if parameter.default is inspect.Parameter.empty:
            required.append(parameter.name)
            fields[parameter.name] = schema
        else:
            fields[parameter.name] = _with_default(schema, parameter.default)
    return walk.whole(_object(fields, required, more))


def _object(fields: Mapping[str, Schema], required: Sequence[str], more: bool = False) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(fields), "additionalProperties": more}
    if required:
        schema["required"] = list(required)
    return schema


class _Walk:
    """Makes one schema. Classes become definitions, so that they may name themselves."""

    def __init__(self, mode: Literal["validation", "serialization"]) -> None:
        self._mode = mode
        self._names: dict[type, str] = {}
        self._definitions: dict[str, Schema] = {}

    def whole(self, schema: Schema) -> Schema:
        """The schema with the definitions that it refers to."""
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def of(self, hint: Any, depth: int) -> Schema:
        """The schema of an annotation, so many levels deep."""
        if hint is None or (isinstance(hint, type) and hint in _PLAIN):
            return dict(_PLAIN[type(None) if hint is None else hint])
        if isinstance(hint, str | TypeVar):
            return {}
        origin = typing.get_origin(hint)
        if origin is not None:
            return self._generic(origin, typing.get_args(hint), depth)
        if isinstance(hint, type):
            return self._class(hint, depth)
        # A NewType, or an alias made by a `type` statement.
        named = getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None)
        return {} if named is None else self.of(named, depth)

    def _generic(self, origin: Any, args: tuple[Any, ...], depth: int) -> Schema:
        if origin is typing.Annotated:
            return _described(self.of(args[0], depth), args[1:])
        if getattr(origin, "_name", None) in ("Required", "NotRequired", "ReadOnly"):
            return self.of(args[0], depth)
        if origin is Literal:
            return _one_of(args)
        if origin is Union or origin is types.UnionType:
            return self._union(args, depth)
        if depth > 0 and args:
            if origin in LISTS:
                return {"type": "array", "items": self.of(args[0], depth - 1)}
            if origin in DICTS:
                return {"type": "object", "additionalProperties": self.of(args[1], depth - 1)}
            if origin is tuple:
                return self._tuple(args, depth)
        if origin in LISTS or origin is tuple:
            return {"type": "array"}
        if origin in DICTS:
            return {"type": "object"}
        return self._class(origin, depth) if isinstance(origin, type) else {}

    def _union(self, members: tuple[Any, ...], depth: int) -> Schema:
        schemas = [self.of(member, depth) for member in members]
        return {} if {} in schemas else {"anyOf": schemas}

    def _tuple(self, args: tuple[Any, ...], depth: int) -> Schema:
        if len(args) == 2 and args[1] is Ellipsis:
            return {"type": "array", "items": self.of(args[0], depth - 1)}
        if args == ((),):
            args = ()
        items = [self.of(arg, depth - 1) for arg in args]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}

    def _class(self, hint: type, depth: int) -> Schema:
        if issubclass(hint, Enum):
            return _one_of([member.value for member in hint])
        if (hint.__module__, hint.__name__) in (("numpy", "ndarray"), ("torch", "Tensor")):
            return {"x-ophion": "tensor"}
        if typing.is_typeddict(hint):
            return self._defined(hint, depth, self._typed_dict)
        if dataclasses.is_dataclass(hint):
            return self._defined(hint, depth, self._dataclass)
        if callable(getattr(hint, "model_json_schema", None)):
            return self._defined(hint, depth, self._model)
        if hint in LISTS:
            return {"type": "array"}
        return {"type": "object"} if hint in DICTS else {}

    def _defined(self, hint: type, depth: int, make: Callable[[Any, int], Schema]) -> Schema:
        if depth <= 0:
            return {"type": "object"}
        name = self._names.get(hint)
        if name is None:
            name = self._named(hint)
            # Before its fields are looked at: they may be of the same class.
            self._names[hint] = name
            self._definitions[name] = {}
            self._definitions[name] = make(hint, depth - 1)
        return {"$ref": f"#/$defs/{name}"}

    def _named(self, hint: type) -> str:
        taken = self._definitions.keys()
        names = (hint.__name__ if count == 0 else f"{hint.__name__}{count + 1}" for count in range(len(taken) + 1))
        return next(name for name in names if name not in taken)

    def _typed_dict(self, hint: Any, depth: int) -> Schema:
        fields = {key: self.of(each, depth) for key, each in hints_of(hint, extras=True).items()}
        return _object(fields, sorted(required_keys(hint)))

    def _dataclass(self, hint: Any, depth: int) -> Schema:
        hints = hints_of(hint, extras=True)
        fields: dict[str, Schema] = {}
        required = []
        for field in dataclasses.fields(hint):
            if self._mode == "validation" and not field.init:
                continue
            fields[field.name] = self.of(hints.get(field.name, Any), depth)
            has_default = field.default is not dataclasses.MISSING
            # All fields cross; those with a default may be left out on the way in.
            if self._mode == "serialization" or not (has_default or field.default_factory is not dataclasses.MISSING):
                required.append(field.name)
            elif has_default:
                fields[field.name] = _with_default(fields[field.name], field.default)
        return _object(fields, required)

    def _model(self, hint: Any, depth: int) -> Schema:
        """Pydantic's own schema, its definitions among ours."""
        own = self._names[hint]
        if depth < 1:
            return {"type": "object"}
        try:
            options = {} if self._mode == "validation" else {"schema_generator": _generator()}
            schema: Schema = hint.model_json_schema(mode=self._mode, ref_template=f"#/$defs/{own}.{{model}}", **options)
        except Exception:
            # Its fields, or its author's own code, have no JSON Schema.
            return {"type": "object"}
        for name, definition in schema.pop("$defs", {}).items():
            self._definitions[f"{own}.{name}"] = definition
        return schema


def _generator() -> type:
    """Pydantic's generator, for what a model is dumped to: values that are no text yet."""
    base: Any = importlib.import_module("pydantic.json_schema").GenerateJsonSchema

    class OfValues(base):  # type: ignore[misc]
        def datetime_schema(self, schema: Any) -> Schema:
            return dict(_PLAIN[datetime])

        def bytes_schema(self, schema: Any) -> Schema:
            return dict(_PLAIN[bytes])

    return OfValues


def _described(schema: Schema, notes: tuple[Any, ...]) -> Schema:
    text = next((note for note in notes if isinstance(note, str)), None)
    return schema if text is None else {**schema, "description": text}


def _one_of(values: Iterable[Any]) -> Schema:
    plain = [_as_json(value) for value in values]
    return {} if _NONE in plain else {"enum": plain}


def _with_default(schema: Schema, default: Any) -> Schema:
    plain = _as_json(default)
    return schema if plain is _NONE else {**schema, "default": plain}


_NONE = object()


def _as_json(value: Any, depth: int = 4) -> Any:
    """The value in JSON; `_NONE` when it has no form there, or is nested deep."""
    if isinstance(value, Enum):
        return _as_json(value.value, depth)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _NONE
    if depth > 0 and isinstance(value, list | tuple):
        items = [_as_json(item, depth - 1) for item in value]
        return _NONE if _NONE in items else items
    if depth > 0 and isinstance(value, dict) and all(isinstance(key, str) for key in value):
        fields = {key: _as_json(item, depth - 1) for key, item in value.items()}
        return _NONE if _NONE in fields.values() else fields
    return _NONE
