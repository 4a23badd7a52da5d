"""What a process knows of its sessions never goes back and never has a hole."""

from __future__ import annotations

from ophion._codec import decode, encode
from ophion._gen import bridge_pb2
from ophion._gen import variables_pb2 as pb
from ophion._state import Sessions, SessionState


def variable(name: str, value: object, version: int) -> pb.Variable:
    return pb.Variable(name=name, type="json", value=encode(value), version=version)


def snapshot(revision: int, epoch: int = 1, session_id: str = "s", **values: object) -> pb.Snapshot:
    variables = [variable(name, value, revision) for name, value in values.items()]
    return pb.Snapshot(session_id=session_id, epoch=epoch, revision=revision, variables=variables)


def commit(revision: int, epoch: int = 1, removed: tuple[str, ...] = (), **values: object) -> pb.Commit:
    written = [variable(name, value, revision) for name, value in values.items()]
    return pb.Commit(session_id="s", epoch=epoch, revision=revision, written=written, removed=removed)


def held(state: SessionState) -> tuple[int, dict[str, object]]:
    assert state.record is not None
    return state.record.revision, {name: decode(one.value) for name, one in state.record.variables.items()}


def started() -> SessionState:
    state = SessionState("s")
    state.take_snapshot(snapshot(3, a=1))
    return state


def test_commits_are_taken_in_order() -> None:
    state = started()
    assert state.take_commit(commit(4, b=2))
    assert state.take_commit(commit(5, removed=("a",), b=3))
    assert held(state) == (5, {"b": 3})


def test_a_double_changes_nothing() -> None:
    state = started()
    state.take_commit(commit(4, a=2))
    assert state.take_commit(commit(4, a=99))
    assert state.take_commit(commit(2, a=99))
    assert held(state) == (4, {"a": 2})


def test_a_gap_is_told_and_leaves_what_is_there() -> None:
    state = started()
    assert not state.take_commit(commit(5, a=2))
    assert held(state) == (3, {"a": 1})
    state.take_snapshot(snapshot(5, a=2))
    assert state.take_commit(commit(6, a=3))
    assert held(state) == (6, {"a": 3})


def test_a_commit_before_any_snapshot_is_a_gap() -> None:
    assert not SessionState("s").take_commit(commit(1, a=1))


def test_an_older_snapshot_is_not_taken() -> None:
    state = started()
    assert state.take_snapshot(snapshot(2, a=0)).revision == 3
    assert held(state) == (3, {"a": 1})


def test_a_new_epoch_needs_a_snapshot_and_goes_on_from_it() -> None:
    state = started()
    assert not state.take_commit(commit(4, epoch=2, a=9))
    state.take_snapshot(snapshot(1, epoch=2, a=7))
    assert held(state) == (1, {"a": 7})
    assert state.take_commit(commit(9, a=99)), "of the old epoch: a double"
    assert held(state) == (1, {"a": 7})


def test_an_empty_answer_to_a_commit_is_not_taken_for_the_commit_of_somebody_else() -> None:
    state = started()
    assert not state.take_commit(commit(4))
    assert held(state) == (3, {"a": 1})


def test_a_pushed_commit_that_has_nothing_for_this_reader_is_taken_all_the_same() -> None:
    sessions = Sessions()
    sessions.sync(bridge_pb2.SyncSession(snapshot=snapshot(3, a=1)))
    sessions.sync(bridge_pb2.SyncSession(commit=commit(4)))
    sessions.sync(bridge_pb2.SyncSession(commit=commit(5, a=2)))
    assert held(sessions.get("s")) == (5, {"a": 2})


def test_a_record_that_a_reader_holds_stays_as_it_is() -> None:
    state = started()
    record = state.record
    state.take_commit(commit(4, a=2, b=3))
    assert record is not None
    assert list(record.variables) == ["a"]
    assert record.revision == 3


def test_what_the_host_sends_ahead_of_calls_is_applied_and_dropped() -> None:
    sessions = Sessions()
    sessions.sync(bridge_pb2.SyncSession(snapshot=snapshot(3, a=1)))
    sessions.sync(bridge_pb2.SyncSession(commit=commit(4, a=2)))
    assert held(sessions.get("s")) == (4, {"a": 2})
    sessions.drop("s")
    assert sessions.get("s").record is None


def test_the_least_recently_used_session_makes_room() -> None:
    sessions = Sessions(max_sessions=2)
    for name in ("a", "b"):
        sessions.sync(bridge_pb2.SyncSession(snapshot=snapshot(1, session_id=name)))
    sessions.get("a")
    sessions.get("c")
    assert len(sessions) == 2
    assert sessions.get("a").record is not None
    assert sessions.get("b").record is None


def test_a_session_that_a_call_still_has_goes_on_being_told_when_it_made_room() -> None:
    sessions = Sessions(max_sessions=1)
    sessions.sync(bridge_pb2.SyncSession(snapshot=snapshot(1, a=1)))
    held_by_a_call = sessions.get("s")
    sessions.get("other")
    sessions.sync(bridge_pb2.SyncSession(commit=commit(2, a=2)))
    assert held(held_by_a_call) == (2, {"a": 2})
    sessions.drop("s")
    assert sessions.get("s") is not held_by_a_call
