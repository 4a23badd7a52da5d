"""What the worker of one-option.ts does: it plans, and works off the plan. Where the variables are, it cannot know."""

from __future__ import annotations

from ophion import SessionContext, tool


@tool
def plan(session: SessionContext, goal: str) -> list[str]:
    """Splits a goal into steps."""
    steps = [f"{verb} {goal}" for verb in ("find", "watch", "describe")]
    with session.variables.batch() as batch:
        batch["goal"] = goal
        batch["steps"] = steps
    return steps


@tool
def work(session: SessionContext, step: str) -> dict[str, float]:
    """Does a step, for the price that TypeScript asks; nobody else spends meanwhile."""
    variables = session.variables
    with session.lock("spent"):
        price: float = session.call("price", step=step)
        variables.update("spent", lambda spent: spent + price)
        done = variables.update("done", lambda before: [*before, step])
        return {"done": len(done), "spent": variables["spent"]}
