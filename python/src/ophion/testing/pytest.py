"""Fixtures for pytest. The package brings them as a plugin; nothing of Ophion is imported before a test asks for one.

ophion_session: a session without a host. ophion_faults: arms a plan until the test is over. ophion_no_leaks: the test
fails when it leaves a thread, a socket or a child process behind; `ophion_no_leaks = true` in pytest's settings is that
for all tests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from ophion._fault_rules import ActivePlan
    from ophion._session import SessionContext

_INI = "ophion_no_leaks"


class MakeSession(Protocol):
    """See `ophion.testing.session`."""

    def __call__(
        self,
        variables: Mapping[str, object] | None = None,
        tools: Mapping[str, Callable[..., Any]] | None = None,
        *,
        timeout: float | None = None,
    ) -> SessionContext: ...


class ArmFaults(Protocol):
    """See `ophion.testing.faults`."""

    def __call__(
        self, plan: str | Mapping[str, Any], *, conditions: Mapping[str, Callable[[], bool]] | None = None
    ) -> ActivePlan: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(_INI, "every test fails that leaves a thread, a socket or a child process behind", "bool", False)


@pytest.fixture
def ophion_session() -> Iterator[MakeSession]:
    """Makes sessions without a host, closed when the test is over: `ophion_session({"model": "small"})`."""
    from ophion.testing import session

    with contextlib.ExitStack() as stack:

        def make(
            variables: Mapping[str, object] | None = None,
            tools: Mapping[str, Callable[..., Any]] | None = None,
            *,
            timeout: float | None = None,
        ) -> SessionContext:
            return stack.enter_context(session(variables, tools, timeout=timeout))

        yield make


@pytest.fixture
def ophion_faults() -> Iterator[ArmFaults]:
    """Arms plans that end and heal when the test is over: `ophion_faults("shop.before-booking=throw(boom)")`."""
    from ophion.testing import faults

    with contextlib.ExitStack() as stack:

        def arm(
            plan: str | Mapping[str, Any], *, conditions: Mapping[str, Callable[[], bool]] | None = None
        ) -> ActivePlan:
            return stack.enter_context(faults(plan, conditions=conditions))

        yield arm


@pytest.fixture
def ophion_no_leaks() -> Iterator[None]:
    """Fails the test when a thread, a socket or a child process is there after it that was not there before."""
    from ophion.testing._left import Before

    before = Before()
    yield
    left = before.left()
    if left:
        pytest.fail("left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _ophion_no_leaks_of_all(request: pytest.FixtureRequest) -> None:
    if request.config.getini(_INI):
        request.getfixturevalue("ophion_no_leaks")
