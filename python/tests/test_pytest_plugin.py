"""The fixtures of `ophion.testing.pytest`, used here and in runs of pytest of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ophion import InjectedFault, SessionContext, fault_point, tool
from ophion.testing.pytest import ArmFaults, MakeSession


# #region point
@tool
def book(session: SessionContext, order: str) -> str:
    """Books an order, once."""
    fault_point("shop.before-booking", order=order)
    session.variables.set("booked", order)
    return f"booked {order}"


def test_a_booking_that_failed_is_made_again(ophion_session: MakeSession, ophion_faults: ArmFaults) -> None:
    shop = ophion_session({"booked": ""})
    ophion_faults("shop.before-booking=1*throw(no connection)")
    with pytest.raises(InjectedFault, match="no connection"):
        book(shop, "a book")
    assert shop.variables.get("booked") == ""
    assert book(shop, "a book") == "booked a book"


# #endregion


def test_what_a_test_has_armed_is_over_with_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from ophion import fault_point

        def test_first(ophion_faults):
            ophion_faults("p=return(x)")
            ophion_faults("q=return(y)")
            assert (fault_point("p"), fault_point("q")) == ("x", "y")

        def test_second():
            assert (fault_point("p"), fault_point("q")) == (None, None)
        """
    )
    pytester.runpytest_inprocess("-p", "ophion.testing.pytest").assert_outcomes(passed=2)


def test_a_session_is_closed_with_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from ophion import current_session

        closed = []

        def test_first(ophion_session):
            session = ophion_session({"model": "small"}, tools={"double": lambda n: 2 * n}, timeout=60)
            assert current_session().variables.get("model") == "small"
            assert session.call("double", n=2) == 4
            session.local.put("file", object(), close=lambda: closed.append("file"))

        def test_second():
            assert closed == ["file"]
        """
    )
    pytester.runpytest_inprocess("-p", "ophion.testing.pytest").assert_outcomes(passed=2)


LEAKS = """
    import os
    import socket
    import subprocess
    import sys
    import threading

    import pytest

    kept = []

    def test_thread():
        ends = threading.Event()
        thread = threading.Thread(target=ends.wait, name="lost", daemon=True)
        thread.start()
        kept.append((ends, thread))

    def test_thread_before():
        ends, thread = kept[0]
        assert thread.is_alive()

    def test_socket():
        kept.append(socket.socketpair())

    def test_child():
        kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))

    def test_child_not_waited_for():
        kept.append(os.spawnlp(os.P_NOWAIT, "true", "true"))

    def test_about_to_end():
        subprocess.run(["true"], check=True)
        threading.Thread(target=lambda: threading.Event().wait(0.05)).start()

    def test_end():
        ends, thread = kept[0]
        ends.set()
        thread.join()
        for one in kept[1]:
            one.close()
        with kept[2] as child:
            child.communicate(b"")
        os.waitpid(kept[3], 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sockets and children are looked for in /proc")
def test_a_test_that_leaves_something_behind_fails_by_name_and_no_other_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LEAKS)
    pytester.makeini("[pytest]\nophion_no_leaks = true")
    result = pytester.runpytest_inprocess("-p", "ophion.testing.pytest")
    result.assert_outcomes(passed=7, errors=4)
    result.stdout.re_match_lines_random(
        [
            r".*left behind: thread 'lost'",
            r".*left behind: socket socket:\[\d+\]; socket socket:\[\d+\]",
            r".*left behind: child process \d+ \(python.*\)",
            r".*left behind: child process \d+ \(true.*\)",
        ]
    )


def test_a_test_may_ask_for_it_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import socket

        import pytest

        kept = []

        def test_others():
            kept.extend(socket.socketpair())

        @pytest.mark.usefixtures("ophion_no_leaks")
        def test_asks():
            kept.extend(socket.socketpair())

        def test_end():
            for one in kept:
                one.close()
        """
    )
    pytester.runpytest_inprocess("-p", "ophion.testing.pytest").assert_outcomes(passed=3, errors=1)


def test_it_imports_nothing_of_ophion_until_a_test_asks() -> None:
    code = (
        "import sys, ophion.testing.pytest\n"
        "print(sorted(name for name in sys.modules if name.startswith(('ophion', 'google.protobuf', 'grpc'))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['ophion', 'ophion._version', 'ophion.testing', 'ophion.testing.pytest']"
