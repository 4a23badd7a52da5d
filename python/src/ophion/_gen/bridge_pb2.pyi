from ophion._gen import tools_pb2 as _tools_pb2
from ophion._gen import values_pb2 as _values_pb2
from ophion._gen import variables_pb2 as _variables_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HostMessage(_message.Message):
    __slots__ = ("call", "cancel", "credit", "result", "commit", "pull", "item", "sync", "drop", "tools", "watched", "watch_end", "history", "locks", "locked", "lock_end")
    CALL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    PULL_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    SYNC_FIELD_NUMBER: _ClassVar[int]
    DROP_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    WATCHED_FIELD_NUMBER: _ClassVar[int]
    WATCH_END_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    LOCK_END_FIELD_NUMBER: _ClassVar[int]
    call: _tools_pb2.ToolCall
    cancel: Cancel
    credit: Credit
    result: _tools_pb2.ToolResult
    commit: CommitReply
    pull: PullReply
    item: Item
    sync: SyncSession
    drop: DropSession
    tools: ToolList
    watched: _variables_pb2.WatchVariablesResponse
    watch_end: WatchEnd
    history: HistoryReply
    locks: LockList
    locked: _variables_pb2.HeldLock
    lock_end: LockEnd
    def __init__(self, call: _Optional[_Union[_tools_pb2.ToolCall, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., result: _Optional[_Union[_tools_pb2.ToolResult, _Mapping]] = ..., commit: _Optional[_Union[CommitReply, _Mapping]] = ..., pull: _Optional[_Union[PullReply, _Mapping]] = ..., item: _Optional[_Union[Item, _Mapping]] = ..., sync: _Optional[_Union[SyncSession, _Mapping]] = ..., drop: _Optional[_Union[DropSession, _Mapping]] = ..., tools: _Optional[_Union[ToolList, _Mapping]] = ..., watched: _Optional[_Union[_variables_pb2.WatchVariablesResponse, _Mapping]] = ..., watch_end: _Optional[_Union[WatchEnd, _Mapping]] = ..., history: _Optional[_Union[HistoryReply, _Mapping]] = ..., locks: _Optional[_Union[LockList, _Mapping]] = ..., locked: _Optional[_Union[_variables_pb2.HeldLock, _Mapping]] = ..., lock_end: _Optional[_Union[LockEnd, _Mapping]] = ...) -> None: ...

class WorkerMessage(_message.Message):
    __slots__ = ("result", "item", "credit", "call", "cancel", "commit", "pull", "log", "list_tools", "catalog", "watch", "read", "read_history", "list_locks", "lock", "unlock")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    PULL_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    LIST_TOOLS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    READ_HISTORY_FIELD_NUMBER: _ClassVar[int]
    LIST_LOCKS_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    UNLOCK_FIELD_NUMBER: _ClassVar[int]
    result: _tools_pb2.ToolResult
    item: Item
    credit: Credit
    call: _tools_pb2.ToolCall
    cancel: Cancel
    commit: _variables_pb2.CommitVariablesRequest
    pull: Pull
    log: LogRecord
    list_tools: ListSessionTools
    catalog: Catalog
    watch: _variables_pb2.WatchVariablesRequest
    read: _variables_pb2.ReadVariablesRequest
    read_history: _variables_pb2.ReadHistoryRequest
    list_locks: _variables_pb2.ListLocksRequest
    lock: LockVariable
    unlock: Unlock
    def __init__(self, result: _Optional[_Union[_tools_pb2.ToolResult, _Mapping]] = ..., item: _Optional[_Union[Item, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., call: _Optional[_Union[_tools_pb2.ToolCall, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., commit: _Optional[_Union[_variables_pb2.CommitVariablesRequest, _Mapping]] = ..., pull: _Optional[_Union[Pull, _Mapping]] = ..., log: _Optional[_Union[LogRecord, _Mapping]] = ..., list_tools: _Optional[_Union[ListSessionTools, _Mapping]] = ..., catalog: _Optional[_Union[Catalog, _Mapping]] = ..., watch: _Optional[_Union[_variables_pb2.WatchVariablesRequest, _Mapping]] = ..., read: _Optional[_Union[_variables_pb2.ReadVariablesRequest, _Mapping]] = ..., read_history: _Optional[_Union[_variables_pb2.ReadHistoryRequest, _Mapping]] = ..., list_locks: _Optional[_Union[_variables_pb2.ListLocksRequest, _Mapping]] = ..., lock: _Optional[_Union[LockVariable, _Mapping]] = ..., unlock: _Optional[_Union[Unlock, _Mapping]] = ...) -> None: ...

class Catalog(_message.Message):
    __slots__ = ("tools", "more")
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    tools: _containers.RepeatedCompositeFieldContainer[_tools_pb2.ToolDescription]
    more: bool
    def __init__(self, tools: _Optional[_Iterable[_Union[_tools_pb2.ToolDescription, _Mapping]]] = ..., more: bool = ...) -> None: ...

class ListSessionTools(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class ToolList(_message.Message):
    __slots__ = ("tools", "fault")
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    tools: Catalog
    fault: _values_pb2.Fault
    def __init__(self, tools: _Optional[_Union[Catalog, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class Cancel(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: int
    def __init__(self, items: _Optional[int] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _values_pb2.Value
    def __init__(self, value: _Optional[_Union[_values_pb2.Value, _Mapping]] = ...) -> None: ...

class SyncSession(_message.Message):
    __slots__ = ("snapshot", "commit")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    snapshot: _variables_pb2.Snapshot
    commit: _variables_pb2.Commit
    def __init__(self, snapshot: _Optional[_Union[_variables_pb2.Snapshot, _Mapping]] = ..., commit: _Optional[_Union[_variables_pb2.Commit, _Mapping]] = ...) -> None: ...

class DropSession(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class CommitReply(_message.Message):
    __slots__ = ("commit", "fault")
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    commit: _variables_pb2.Commit
    fault: _values_pb2.Fault
    def __init__(self, commit: _Optional[_Union[_variables_pb2.Commit, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class Pull(_message.Message):
    __slots__ = ("session_id", "min_revision")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    min_revision: int
    def __init__(self, session_id: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class PullReply(_message.Message):
    __slots__ = ("snapshot", "fault")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    snapshot: _variables_pb2.Snapshot
    fault: _values_pb2.Fault
    def __init__(self, snapshot: _Optional[_Union[_variables_pb2.Snapshot, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class WatchEnd(_message.Message):
    __slots__ = ("fault",)
    FAULT_FIELD_NUMBER: _ClassVar[int]
    fault: _values_pb2.Fault
    def __init__(self, fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class HistoryReply(_message.Message):
    __slots__ = ("history", "fault")
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    history: _variables_pb2.ReadHistoryResponse
    fault: _values_pb2.Fault
    def __init__(self, history: _Optional[_Union[_variables_pb2.ReadHistoryResponse, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class LockList(_message.Message):
    __slots__ = ("locks", "fault")
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    locks: _variables_pb2.ListLocksResponse
    fault: _values_pb2.Fault
    def __init__(self, locks: _Optional[_Union[_variables_pb2.ListLocksResponse, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class LockVariable(_message.Message):
    __slots__ = ("session_id", "name", "policy", "timeout_ms", "lease_ms")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    policy: str
    timeout_ms: float
    lease_ms: float
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., policy: _Optional[str] = ..., timeout_ms: _Optional[float] = ..., lease_ms: _Optional[float] = ...) -> None: ...

class Unlock(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LockEnd(_message.Message):
    __slots__ = ("fault",)
    FAULT_FIELD_NUMBER: _ClassVar[int]
    fault: _values_pb2.Fault
    def __init__(self, fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...

class LogRecord(_message.Message):
    __slots__ = ("level", "logger", "message", "session_id", "call_id", "traceparent")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LOGGER_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    level: str
    logger: str
    message: str
    session_id: str
    call_id: str
    traceparent: str
    def __init__(self, level: _Optional[str] = ..., logger: _Optional[str] = ..., message: _Optional[str] = ..., session_id: _Optional[str] = ..., call_id: _Optional[str] = ..., traceparent: _Optional[str] = ...) -> None: ...
