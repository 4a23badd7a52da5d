"""DSPy's signature strings, such as `"question, context: list[str] -> answer: str"`, parsed to typed fields.

The twin of signature.ts: the same grammar, the same form, the same errors; one table holds both to it. The form is
plain data, so that it crosses the bridge as it is. A field without a type is a string, as in DSPy.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypedDict

from ophion._errors import ActorError

FieldType = dict[str, Any]
"""`{"kind": "string"}`, integer, float, boolean, any; list with `items`, dict with `values`, optional with `type`,
union with `types`, literal with `choices`."""


class Field(TypedDict):
    """One input or output."""

    name: str
    type: FieldType


class Signature(TypedDict):
    """A signature's text and what it says."""

    text: str
    inputs: list[Field]
    outputs: list[Field]


class SignatureError(ActorError, ValueError):
    """The text is not a signature; `position` counts characters from 0."""

    code = "bad_signature"

    def __init__(self, text: str, position: int, expected: str) -> None:
        shown = re.sub(r"[\t\r\n]", " ", text)
        super().__init__(
            f"signature: expected {expected} at position {position}\n  {shown}\n  {' ' * position}^",
            details={"position": position},
        )
        self.position = position


def parse_signature(text: str) -> Signature:
    """Parses a signature. Fails with `SignatureError`, which shows the position of the first fault."""
    reader = _Reader(text)
    inputs = reader.fields("',' or '->'", "->")
    reader.expect("->")
    outputs = reader.fields("',' or the end", "")
    return {"text": text, "inputs": inputs, "outputs": outputs}


def describe_type(type: FieldType) -> str:
    """A type in Python's words."""
    kind = type["kind"]
    if kind in _WORDS:
        return _WORDS[kind]
    if kind == "list":
        return f"list[{describe_type(type['items'])}]"
    if kind == "dict":
        return f"dict[str, {describe_type(type['values'])}]"
    if kind == "optional":
        return f"Optional[{describe_type(type['type'])}]"
    if kind == "union":
        return f"Union[{', '.join(map(describe_type, type['types']))}]"
    return f"Literal[{', '.join(json.dumps(choice, ensure_ascii=False) for choice in type['choices'])}]"


_DEPTH_MAX = 16
_WORDS = {"string": "str", "integer": "int", "float": "float", "boolean": "bool", "any": "Any"}
_SIMPLE: dict[str, FieldType] = {
    **{word: {"kind": kind} for kind, word in _WORDS.items()},
    "list": {"kind": "list", "items": {"kind": "any"}},
    "dict": {"kind": "dict", "values": {"kind": "any"}},
}
_KNOWN = "one of str, int, float, bool, Any, list[...], dict[str, ...], Optional[...], Union[...], Literal[...]"
# Types of DSPy's own, which are more than data.
_OF_DSPY = re.compile(r"dspy\.\w+|Audio|Citations|Code|Document|File|History|Image|Reasoning|Tool|ToolCalls", re.ASCII)
_WORD = re.compile(r"[\w.]*", re.ASCII)
_SPACE = re.compile(r"[ \t\r\n]*")
# Python takes no field whose name begins with an underscore.
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_TYPE_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_STR = re.compile(r"str\b", re.ASCII)
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_WHOLE = re.compile(r"-?\d{1,15}(?![\w.])", re.ASCII)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._names: set[str] = set()
        self._at = 0

    def fields(self, next: str, until: str) -> list[Field]:
        """The fields of one side, up to `until`; `next` is what may stand behind a field."""
        fields: list[Field] = []
        while True:
            self._space()
            start = self._at
            name = self._match(_NAME) or self._fail("a field name")
            if name in self._names:
                self._fail(f"another name than '{name}', which is there already,", start)
            self._names.add(name)
            self._space()
            fields.append({"name": name, "type": self._type(1) if self._take(":") else {"kind": "string"}})
            self._space()
            if not self._take(","):
                break
        ended = self._at == len(self._text) if until == "" else self._text.startswith(until, self._at)
        return fields if ended else self._fail(next)

    def expect(self, token: str) -> None:
        self._space()
        if not self._take(token):
            self._fail(f"'{token}'")

    def _type(self, depth: int) -> FieldType:
        self._space()
        if depth > _DEPTH_MAX:
            self._fail(f"types that are nested no deeper than {_DEPTH_MAX}")
        types: list[FieldType] = []
        optional = False
        while True:
            self._space()
            one = self._single(depth)
            if one is None:
                optional = True
            else:
                types.append(one)
            self._space()
            if not self._take("|"):
                break
        if not types:
            self._fail("'|' and a type beside None")
        return _union(types, optional)

    def _single(self, depth: int) -> FieldType | None:
        start = self._at
        name = self._match(_TYPE_NAME) or self._fail("a type")
        if name == "None":
            return None
        self._space()
        found = self._generic(name, depth + 1, start) if self._take("[") else _SIMPLE.get(name)
        return found or self._unknown_type(start)

    def _generic(self, name: str, depth: int, start: int) -> FieldType:
        found: FieldType
        if name in ("list", "List"):
            found = {"kind": "list", "items": self._type(depth)}
        elif name == "Optional":
            found = _union([self._type(depth)], True)
        elif name == "Union":
            found = _union(self._types(depth), False)
        elif name in ("dict", "Dict"):
            self._space()
            if self._match(_STR) is None:
                self._fail("'str', the only kind of key")
            self.expect(",")
            found = {"kind": "dict", "values": self._type(depth)}
        elif name == "Literal":
            found = {"kind": "literal", "choices": self._choices()}
        else:
            self._unknown_type(start)
        self.expect("]")
        return found

    def _unknown_type(self, start: int) -> NoReturn:
        found = _WORD.match(self._text, start)
        word = found.group() if found else ""
        made = f", made a {word} by a module of your own ('package.module:Name'),"
        self._fail(_KNOWN + made if _OF_DSPY.fullmatch(word) else _KNOWN, start)

    def _types(self, depth: int) -> list[FieldType]:
        types = [self._type(depth)]
        while self._take(","):
            types.append(self._type(depth))
        return types

    def _choices(self) -> list[str | int]:
        choices: list[str | int] = []
        while True:
            self._space()
            quoted = self._match(_QUOTED)
            if quoted is not None:
                choices.append(quoted[1:-1])
            else:
                choices.append(int(self._match(_WHOLE) or self._fail("a quoted choice")))
            self._space()
            if not self._take(","):
                return choices

    def _space(self) -> None:
        self._match(_SPACE)

    def _take(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def _fail(self, expected: str, at: int | None = None) -> NoReturn:
        raise SignatureError(self._text, self._at if at is None else at, expected)


def _union(members: list[FieldType], optional: bool) -> FieldType:
    """One type, or several; what is optional inside makes all of it optional."""
    types: list[FieldType] = []
    for member in members:
        optional = optional or member["kind"] == "optional"
        inner = member["type"] if member["kind"] == "optional" else member
        types.extend(inner["types"] if inner["kind"] == "union" else [inner])
    found: FieldType = types[0] if len(types) == 1 else {"kind": "union", "types": types}
    return {"kind": "optional", "type": found} if optional else found
