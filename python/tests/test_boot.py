"""The boot line: what is wrong with it is named, what is secret in it is not shown. And what the package stands on."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ophion._boot import BootError, read_boot
from ophion._limits import Limits
from ophion._resources import Resources

GOOD: dict[str, Any] = {
    "address": "unix:/tmp/s",
    "worker_id": "w-1",
    "incarnation": 3,
    "token": "very-secret",
    "run_id": "r",
}


def line(**changes: Any) -> io.BytesIO:
    given = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    return io.BytesIO(json.dumps(given).encode() + b"\n")


def test_it_is_read_with_defaults_and_unknown_fields_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPHION_PRELOAD", "dspy, json")
    boot = read_boot(line(limits={"max_exchanges": 7, "new": 1}, path=["/a"], preload=["x"], new=1))
    assert (boot.incarnation, boot.token, boot.path, boot.capacity) == (3, "very-secret", ("/a",), 1)
    assert boot.limits == Limits(max_exchanges=7)
    assert boot.resources == Resources()
    assert boot.preload == ("x", "dspy", "json")
    assert "very-secret" not in repr(boot)


def test_what_the_process_may_use_is_read() -> None:
    given = {"memory_bytes": 1, "cpus": [0, 2], "niceness": 0, "new": 1}
    assert read_boot(line(resources=given)).resources == Resources(memory_bytes=1, cpus=(0, 2), niceness=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (io.BytesIO(), "no boot line on stdin"),
        (io.BytesIO(b'{"token": "very-secret"'), "is not JSON"),
        (io.BytesIO(b"[1]\n"), "is not a JSON object"),
        (io.BytesIO(b"x" * 100_000), "longer than 65536 bytes"),
        (line(address=...), "'address' is missing or no text"),
        (line(token=""), "'token' is missing or no text"),
        (line(incarnation=True), "'incarnation' is missing or no whole number from 0"),
        (line(capacity=0), "'capacity' is missing or no whole number from 1"),
        (line(path="/a"), "'path' is no list of texts"),
        (line(limits=[]), "'limits' is no object"),
        (line(resources=[]), "'resources' is no object"),
        (line(resources={"memory_bytes": 1.5}), "'memory_bytes' is missing or no whole number from 0"),
        (line(resources={"cpus": [True]}), "'cpus' is no list of whole numbers"),
        (line(limits={"max_frame_bytes": "1"}), "'max_frame_bytes' is missing or no whole number"),
    ],
)
def test_what_is_wrong_is_named_without_what_is_secret(given: io.BytesIO, message: str) -> None:
    with pytest.raises(BootError, match=message) as caught:
        read_boot(given)
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ([], "", "usage: python -m ophion MODULE"),
        (["--help"], "", "usage: python -m ophion MODULE"),
        (["a", "b"], "", "usage: python -m ophion MODULE"),
        (["json"], "", "ophion: no boot line on stdin: this program is started by an Ophion host"),
        (["json"], '{"token": "very-secret"', "ophion: the boot line is not JSON"),
    ],
)
def test_a_process_without_a_usable_one_ends_with_code_2(arguments: list[str], stdin: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ophion", *arguments], input=stdin, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "very-secret" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_host_that_is_not_there_is_given_up_by_who_dials() -> None:
    from ophion._carrier import GrpcCarrier
    from ophion._gen import workers_pb2
    from ophion._stream import Stream, StreamEnd

    ended: list[StreamEnd] = []

    class Handler:
        def on_message(self, message: object) -> None: ...

        def on_pause(self) -> None: ...

        def on_drain(self) -> None: ...

        def on_goodbye(self, reason: str) -> None: ...

        def on_end(self, end: StreamEnd) -> None:
            ended.append(end)

    stream = Stream(
        lambda: GrpcCarrier("unix:/nowhere/s"), workers_pb2.Hello, Handler(), Limits(), dial_s=1.0, grace_s=0.1
    )
    stream.start()
    error = stream.opened.exception(timeout=20)
    stream._thread.join(20)
    # Time may be up between two dials, or during one.
    assert "UNAVAILABLE" in str(error) or "no Welcome in time" in str(error)
    assert ended[0].kind == "lost"


def test_the_generated_code_runs_on_the_oldest_libraries_that_are_declared() -> None:
    package = Path(__file__).parents[1]
    declared = dict(re.findall(r'"(grpcio|protobuf)>=([\d.]+)', (package / "pyproject.toml").read_text()))
    oldest = {name: tuple(int(part) for part in version.split(".")) for name, version in declared.items()}
    made_by_protobuf, made_by_grpc = [], []
    for file in (package / "src" / "ophion" / "_gen").glob("*.py"):
        text = file.read_text()
        made_by_protobuf += re.findall(r"Domain\.PUBLIC,\s+(\d+),\s+(\d+),\s+(\d+)", text)
        made_by_grpc += re.findall(r"GRPC_GENERATED_VERSION = '(\d+)\.(\d+)\.(\d+)", text)
    assert made_by_protobuf
    assert made_by_grpc
    assert max(tuple(map(int, one)) for one in made_by_protobuf) <= (*oldest["protobuf"], 0, 0)[:3]
    assert max(tuple(map(int, one)) for one in made_by_grpc) <= (*oldest["grpcio"], 0, 0)[:3]
