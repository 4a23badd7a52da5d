"""The tools of getting-started.ts."""

from collections.abc import Iterator

from ophion import SessionContext, tool


@tool
def greet(session: SessionContext, name: str) -> str:
    """Greets somebody as warmly as the session is."""
    warmth = session.variables.get("warmth", float)
    session.variables.update("greeted", lambda count: count + 1)
    known = session.call("whoIs", name=name)  # a TypeScript function
    return f"{'Dear' if warmth > 0.5 else 'Hello'} {name}, {known}"


@tool
def spell(word: str) -> Iterator[str]:
    """Yields letters as the caller reads them."""
    yield from word
