"""Where your tools go: the module that OPHION_MODULE names."""

from ophion import SessionContext, tool


@tool
def greet(session: SessionContext, name: str) -> str:
    """Greets in the way that the session's variable `greeting` says."""
    return f"{session.variables.get('greeting', str)} {name}"
