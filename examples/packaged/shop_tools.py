"""The tools of main.ts, in the environment that `npx ophion setup` makes."""

from collections.abc import Iterator
from dataclasses import dataclass

from ophion import SessionContext, tool


@dataclass
class Quote:
    item: str
    cents: int


@tool
def quote(session: SessionContext, item: str, pieces: int) -> Quote:
    """What so many pieces cost at the session's discount."""
    price = int(session.call("price_of", item=item))  # a TypeScript function
    discount = session.variables.get("discount", float)
    return Quote(item, round(price * pieces * (1 - discount)))


@tool
def slips(session: SessionContext, items: list[str]) -> Iterator[Quote]:
    """A quote for one piece of each."""
    for item in items:
        yield quote(session, item, 1)
