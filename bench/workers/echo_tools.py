"""One tool that answers what it is sent."""

from ophion import tool


@tool
def echo(text: str) -> str:
    return text
