from ophion._gen import values_pb2 as _values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReadVariablesRequest(_message.Message):
    __slots__ = ("session_id", "names", "at_revision", "match")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    AT_REVISION_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    at_revision: int
    match: str
    def __init__(self, session_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., at_revision: _Optional[int] = ..., match: _Optional[str] = ...) -> None: ...

class ReadVariablesResponse(_message.Message):
    __slots__ = ("snapshot",)
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    snapshot: Snapshot
    def __init__(self, snapshot: _Optional[_Union[Snapshot, _Mapping]] = ...) -> None: ...

class CommitVariablesRequest(_message.Message):
    __slots__ = ("session_id", "plan")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    plan: CommitPlan
    def __init__(self, session_id: _Optional[str] = ..., plan: _Optional[_Union[CommitPlan, _Mapping]] = ...) -> None: ...

class CommitVariablesResponse(_message.Message):
    __slots__ = ("commit",)
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    commit: Commit
    def __init__(self, commit: _Optional[_Union[Commit, _Mapping]] = ...) -> None: ...

class WatchVariablesRequest(_message.Message):
    __slots__ = ("session_id", "from_revision", "names", "epoch", "debounce_ms", "match")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_REVISION_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DEBOUNCE_MS_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    from_revision: int
    names: _containers.RepeatedScalarFieldContainer[str]
    epoch: int
    debounce_ms: float
    match: str
    def __init__(self, session_id: _Optional[str] = ..., from_revision: _Optional[int] = ..., names: _Optional[_Iterable[str]] = ..., epoch: _Optional[int] = ..., debounce_ms: _Optional[float] = ..., match: _Optional[str] = ...) -> None: ...

class WatchVariablesResponse(_message.Message):
    __slots__ = ("snapshot", "commit", "folded")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    FOLDED_FIELD_NUMBER: _ClassVar[int]
    snapshot: Snapshot
    commit: Commit
    folded: Folded
    def __init__(self, snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., commit: _Optional[_Union[Commit, _Mapping]] = ..., folded: _Optional[_Union[Folded, _Mapping]] = ...) -> None: ...

class Folded(_message.Message):
    __slots__ = ("after", "up_to")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    UP_TO_FIELD_NUMBER: _ClassVar[int]
    after: int
    up_to: int
    def __init__(self, after: _Optional[int] = ..., up_to: _Optional[int] = ...) -> None: ...

class ReadHistoryRequest(_message.Message):
    __slots__ = ("session_id", "names", "since_revision", "up_to_revision", "limit")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    SINCE_REVISION_FIELD_NUMBER: _ClassVar[int]
    UP_TO_REVISION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    since_revision: int
    up_to_revision: int
    limit: int
    def __init__(self, session_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., since_revision: _Optional[int] = ..., up_to_revision: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class ReadHistoryResponse(_message.Message):
    __slots__ = ("epoch", "revision", "first_revision", "commits")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    FIRST_REVISION_FIELD_NUMBER: _ClassVar[int]
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    revision: int
    first_revision: int
    commits: _containers.RepeatedCompositeFieldContainer[Commit]
    def __init__(self, epoch: _Optional[int] = ..., revision: _Optional[int] = ..., first_revision: _Optional[int] = ..., commits: _Optional[_Iterable[_Union[Commit, _Mapping]]] = ...) -> None: ...

class RollbackVariablesRequest(_message.Message):
    __slots__ = ("session_id", "revision", "names", "fences")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    FENCES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    revision: int
    names: _containers.RepeatedScalarFieldContainer[str]
    fences: _containers.RepeatedCompositeFieldContainer[Fence]
    def __init__(self, session_id: _Optional[str] = ..., revision: _Optional[int] = ..., names: _Optional[_Iterable[str]] = ..., fences: _Optional[_Iterable[_Union[Fence, _Mapping]]] = ...) -> None: ...

class RollbackVariablesResponse(_message.Message):
    __slots__ = ("commit",)
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    commit: Commit
    def __init__(self, commit: _Optional[_Union[Commit, _Mapping]] = ...) -> None: ...

class AcquireLockRequest(_message.Message):
    __slots__ = ("session_id", "name", "holder", "lease_ms", "preempt", "fence")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    PREEMPT_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    holder: str
    lease_ms: float
    preempt: bool
    fence: int
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., holder: _Optional[str] = ..., lease_ms: _Optional[float] = ..., preempt: bool = ..., fence: _Optional[int] = ...) -> None: ...

class AcquireLockResponse(_message.Message):
    __slots__ = ("lock",)
    LOCK_FIELD_NUMBER: _ClassVar[int]
    lock: HeldLock
    def __init__(self, lock: _Optional[_Union[HeldLock, _Mapping]] = ...) -> None: ...

class ReleaseLockRequest(_message.Message):
    __slots__ = ("session_id", "name", "fence")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    name: str
    fence: int
    def __init__(self, session_id: _Optional[str] = ..., name: _Optional[str] = ..., fence: _Optional[int] = ...) -> None: ...

class ReleaseLockResponse(_message.Message):
    __slots__ = ("released",)
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    released: bool
    def __init__(self, released: bool = ...) -> None: ...

class ListLocksRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class ListLocksResponse(_message.Message):
    __slots__ = ("locks",)
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    locks: _containers.RepeatedCompositeFieldContainer[HeldLock]
    def __init__(self, locks: _Optional[_Iterable[_Union[HeldLock, _Mapping]]] = ...) -> None: ...

class HeldLock(_message.Message):
    __slots__ = ("name", "holder", "fence", "until_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    holder: str
    fence: int
    until_ms: float
    def __init__(self, name: _Optional[str] = ..., holder: _Optional[str] = ..., fence: _Optional[int] = ..., until_ms: _Optional[float] = ...) -> None: ...

class Fence(_message.Message):
    __slots__ = ("name", "fence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    fence: int
    def __init__(self, name: _Optional[str] = ..., fence: _Optional[int] = ...) -> None: ...

class CommitPlan(_message.Message):
    __slots__ = ("expectations", "assignments", "removals", "declarations", "idempotency_key", "fences")
    EXPECTATIONS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    DECLARATIONS_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    FENCES_FIELD_NUMBER: _ClassVar[int]
    expectations: _containers.RepeatedCompositeFieldContainer[Expectation]
    assignments: _containers.RepeatedCompositeFieldContainer[Assignment]
    removals: _containers.RepeatedScalarFieldContainer[str]
    declarations: _containers.RepeatedCompositeFieldContainer[Declaration]
    idempotency_key: str
    fences: _containers.RepeatedCompositeFieldContainer[Fence]
    def __init__(self, expectations: _Optional[_Iterable[_Union[Expectation, _Mapping]]] = ..., assignments: _Optional[_Iterable[_Union[Assignment, _Mapping]]] = ..., removals: _Optional[_Iterable[str]] = ..., declarations: _Optional[_Iterable[_Union[Declaration, _Mapping]]] = ..., idempotency_key: _Optional[str] = ..., fences: _Optional[_Iterable[_Union[Fence, _Mapping]]] = ...) -> None: ...

class Expectation(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: _values_pb2.Value
    def __init__(self, name: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Value, _Mapping]] = ...) -> None: ...

class Declaration(_message.Message):
    __slots__ = ("name", "type", "initial", "constraints", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    INITIAL_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    initial: _values_pb2.Value
    constraints: _values_pb2.Map
    description: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., initial: _Optional[_Union[_values_pb2.Value, _Mapping]] = ..., constraints: _Optional[_Union[_values_pb2.Map, _Mapping]] = ..., description: _Optional[str] = ...) -> None: ...

class Variable(_message.Message):
    __slots__ = ("name", "type", "value", "version", "constraints", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    value: _values_pb2.Value
    version: int
    constraints: _values_pb2.Map
    description: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., value: _Optional[_Union[_values_pb2.Value, _Mapping]] = ..., version: _Optional[int] = ..., constraints: _Optional[_Union[_values_pb2.Map, _Mapping]] = ..., description: _Optional[str] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("session_id", "epoch", "revision", "variables")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    revision: int
    variables: _containers.RepeatedCompositeFieldContainer[Variable]
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., revision: _Optional[int] = ..., variables: _Optional[_Iterable[_Union[Variable, _Mapping]]] = ...) -> None: ...

class Commit(_message.Message):
    __slots__ = ("session_id", "epoch", "revision", "written", "removed", "writer", "committed_at_ms", "before")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    revision: int
    written: _containers.RepeatedCompositeFieldContainer[Variable]
    removed: _containers.RepeatedScalarFieldContainer[str]
    writer: str
    committed_at_ms: float
    before: _containers.RepeatedCompositeFieldContainer[RemovedReaders]
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., revision: _Optional[int] = ..., written: _Optional[_Iterable[_Union[Variable, _Mapping]]] = ..., removed: _Optional[_Iterable[str]] = ..., writer: _Optional[str] = ..., committed_at_ms: _Optional[float] = ..., before: _Optional[_Iterable[_Union[RemovedReaders, _Mapping]]] = ...) -> None: ...

class RemovedReaders(_message.Message):
    __slots__ = ("name", "everybody", "readers")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVERYBODY_FIELD_NUMBER: _ClassVar[int]
    READERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    everybody: bool
    readers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., everybody: bool = ..., readers: _Optional[_Iterable[str]] = ...) -> None: ...
