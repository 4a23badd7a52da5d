"""The worker's side of a lease, on a clock that the test turns, and the command line of a worker that joins."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ophion._boot import BootError
from ophion._join import parse, read_token
from ophion._lease import LEASE_ENDED, Lease, lease_clock


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ended(Exception):
    pass


def make() -> tuple[Lease, Clock, list[float]]:
    clock = Clock()
    told: list[float] = []

    def end(code: int) -> None:
        assert code == LEASE_ENDED
        raise Ended

    lease = Lease(told.append, end, clock)
    # Looked at by hand here.
    lease._watch = lambda: None  # type: ignore[method-assign]
    return lease, clock, told


def test_it_runs_from_the_asking_and_not_from_the_answer() -> None:
    lease, clock, told = make()
    lease.begin(10.0, 1000.0)
    clock.now = 1003.0
    number, heard = lease.ask()
    assert (number, heard) == (1, 0)
    clock.now = 1008.0
    lease.granted(number)
    assert lease.left() == 5.0
    assert told == [1010.0, 1013.0]
    assert lease.ask() == (2, 1)


def test_an_answer_that_comes_after_its_end_wakes_it_no_more() -> None:
    lease, clock, _ = make()
    lease.begin(10.0, 1000.0)
    clock.now = 1009.0
    number, _heard = lease.ask()
    # The process was stopped here, with the answer unread in its socket.
    clock.now = 1010.0
    with pytest.raises(Ended):
        lease.granted(number)


def test_an_older_answer_shortens_nothing_and_an_unknown_one_is_none() -> None:
    lease, clock, _ = make()
    lease.begin(10.0, 1000.0)
    clock.now = 1001.0
    first, _heard = lease.ask()
    clock.now = 1002.0
    second, _heard = lease.ask()
    lease.granted(second)
    lease.granted(first)
    lease.granted(77)
    assert lease.left() == 10.0
    assert lease.ask()[1] == second


def test_a_redial_is_no_new_lease() -> None:
    lease, _, _ = make()
    lease.begin(10.0, 1000.0)
    lease.begin(10.0, 1005.0)
    assert lease.left() == 10.0


def test_a_worker_of_its_own_host_has_none() -> None:
    lease, _, _ = make()
    lease.begin(0.0, 1000.0)
    assert lease.left() is None
    assert lease.ask() == (0, 0)
    lease.granted(1)


def test_no_wall_clock_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    before = lease_clock()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert lease_clock() >= before


def test_the_token_file_holds_a_token_and_others_cannot_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text("abc\n")
    file.chmod(0o600)
    assert read_token(str(file)) == "abc"
    assert capsys.readouterr().err == ""
    if os.name == "posix":
        file.chmod(0o644)
        assert read_token(str(file)) == "abc"
        assert "should be 0600" in capsys.readouterr().err
    for wrong in ("", "two words", "x" * 513, "\x00", "ö"):
        file.write_text(wrong)
        with pytest.raises(BootError, match="holds no join token"):
            read_token(str(file))


@pytest.mark.parametrize(
    ("url", "address", "secure"),
    [
        ("https://workers.example:7443", "workers.example:7443", True),
        ("https://workers.example:7443/", "workers.example:7443", True),
        ("https://[2001:db8::1]:7443", "[2001:db8::1]:7443", True),
        ("http://127.0.0.1:1", "127.0.0.1:1", False),
        ("http://[::1]:1", "[::1]:1", False),
        ("unix:/run/x", "unix:/run/x", False),
    ],
)
def test_where_it_joins(url: str, address: str, secure: bool) -> None:
    options = parse(["tools", "--join", url, "--token-file", "t"])
    assert (options.module, options.address, options.security is not None) == ("tools", address, secure)


@pytest.mark.parametrize(
    "more",
    [
        ["--join", "workers.example:7443"],
        ["--join", "https://workers.example"],
        ["--join", "http://workers.example:80"],
        ["--join", "https://a:1", "--cert", "x"],
        ["--join", "http://localhost:1", "--ca", "x"],
        ["--join", "https://a:1", "--ca", "/nowhere"],
        ["--join", "https://a:1", "--capacity", "-1"],
        ["--join", "https://a:1", "--wait", "inf"],
    ],
)
def test_what_it_refuses(more: list[str]) -> None:
    with pytest.raises(BootError):
        parse(["tools", *more, "--token-file", "t"])


def test_plain_text_to_another_machine_is_said_out_loud() -> None:
    options = parse(["tools", "--join", "http://10.0.0.1:80", "--token-file", "t", "--insecure"])
    assert options.security is None
