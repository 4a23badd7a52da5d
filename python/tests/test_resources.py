"""What a process may use at most, set in real processes: what holds, who has it, what is refused."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from typing import Any

import pytest

from ophion._resources import ResourceError, Resources, apply

MIB = 2**20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="a limit of Linux")


def run(resources: str, code: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a process that has set these limits."""
    program = f"""
import json, os, resource, subprocess, sys
from ophion._resources import Resources, apply
apply(Resources({resources}))
{code}
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


def said(resources: str, code: str) -> Any:
    done = run(resources, code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@on_linux
def test_memory_that_is_reserved_is_no_breach_and_memory_that_is_wanted_is() -> None:
    code = """
import mmap
reserved = mmap.mmap(-1, 4 << 30, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
shared = mmap.mmap(-1, 1 << 30)
try:
    bytearray(300 << 20)
    print('null')
except MemoryError:
    print(json.dumps(len(bytearray(50 << 20))))
"""
    assert said("memory_bytes=200 << 20", code) == 50 * MIB


def test_those_that_it_starts_have_the_same() -> None:
    child = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    code = f"print(subprocess.run([sys.executable, '-c', {child!r}], capture_output=True, text=True).stdout)"
    assert said("open_files=100", code) == 100


def test_one_file_too_many_is_an_error_of_who_opens_it() -> None:
    code = """
files = []
try:
    while True: files.append(open(os.devnull))
except OSError as error:
    number = error.errno
    files.clear()
    print(json.dumps([number, len(open(os.devnull).read())]))
"""
    assert said("open_files=64", code) == [24, 0]


def test_processor_time_ends_the_process_by_its_signal_after_it_has_said_where_it_was() -> None:
    done = run("cpu_seconds=1, core_bytes=0", "def runaway():\n    while True: pass\nrunaway()")
    assert done.returncode == -signal.SIGXCPU
    assert "runaway" in done.stderr


def test_core_dumps_can_be_left_out() -> None:
    assert said("core_bytes=0", "print(json.dumps(resource.getrlimit(resource.RLIMIT_CORE)))") == [0, 0]


@on_linux
def test_it_runs_on_the_processors_that_it_is_given_and_gives_way() -> None:
    first = min(os.sched_getaffinity(0))
    before = os.nice(0)
    code = "print(json.dumps([sorted(os.sched_getaffinity(0)), os.nice(0)]))"
    assert said(f"cpus=({first},), niceness=3", code) == [[first], min(before + 3, 19)]


@on_linux
def test_processors_that_are_not_there_are_refused_and_not_left_out() -> None:
    first = min(os.sched_getaffinity(0))
    with pytest.raises(ResourceError, match=r"limits.cpus: \[4000\] are not among those of this process"):
        apply(Resources(cpus=(first, 4000)))


def test_more_than_this_process_may_have_is_refused() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        hard = 2**30
    done = run("open_files=100", f"apply(Resources(open_files={hard}))")
    assert f"limits.openFiles: {hard} is above 100, the most that this process may have" in done.stderr


@pytest.mark.parametrize("name", ["RLIMIT_DATA", "sched_setaffinity", "nice"])
def test_a_limit_that_the_platform_has_not_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(resource if name.startswith("RLIMIT") else os, name)
    wanted = {
        "RLIMIT_DATA": Resources(memory_bytes=2**40),
        "sched_setaffinity": Resources(cpus=(0,)),
        "nice": Resources(niceness=0),
    }
    with pytest.raises(ResourceError, match=f"this platform \\({sys.platform}\\) has no such limit"):
        apply(wanted[name])


def test_one_without_limits_at_all_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    with pytest.raises(ResourceError, match=r"limits\.openFiles: this platform"):
        apply(Resources(open_files=64))


def test_a_worker_whose_limit_cannot_be_set_ends_with_code_2_and_says_which() -> None:
    line = {"address": "unix:/tmp/s", "worker_id": "w", "incarnation": 1, "token": "t", "run_id": "r"}
    given = json.dumps({**line, "resources": {"cpus": [4000]}})
    done = subprocess.run([sys.executable, "-m", "ophion", "json"], input=given, capture_output=True, text=True)
    assert done.returncode == 2
    assert "ophion: limits.cpus: " in done.stderr
    assert "Traceback" not in done.stderr
