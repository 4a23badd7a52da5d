from ophion._gen import values_pb2 as _values_pb2
from ophion._gen import variables_pb2 as _variables_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperateRequest(_message.Message):
    __slots__ = ("session_id", "open", "find", "list", "read", "history", "commit", "outcome", "changes", "export", "acquire", "release", "locks", "seal", "close")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    AS_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FIND_FIELD_NUMBER: _ClassVar[int]
    IMPORT_FIELD_NUMBER: _ClassVar[int]
    LIST_FIELD_NUMBER: _ClassVar[int]
    READ_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    EXPORT_FIELD_NUMBER: _ClassVar[int]
    ACQUIRE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    SEAL_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    open: OpenOperation
    find: FindOperation
    list: ListOperation
    read: ReadOperation
    history: HistoryOperation
    commit: CommitOperation
    outcome: OutcomeOperation
    changes: ChangesOperation
    export: ExportOperation
    acquire: AcquireOperation
    release: ReleaseOperation
    locks: LocksOperation
    seal: SealOperation
    close: CloseOperation
    def __init__(self, session_id: _Optional[str] = ..., open: _Optional[_Union[OpenOperation, _Mapping]] = ..., find: _Optional[_Union[FindOperation, _Mapping]] = ..., list: _Optional[_Union[ListOperation, _Mapping]] = ..., read: _Optional[_Union[ReadOperation, _Mapping]] = ..., history: _Optional[_Union[HistoryOperation, _Mapping]] = ..., commit: _Optional[_Union[CommitOperation, _Mapping]] = ..., outcome: _Optional[_Union[OutcomeOperation, _Mapping]] = ..., changes: _Optional[_Union[ChangesOperation, _Mapping]] = ..., export: _Optional[_Union[ExportOperation, _Mapping]] = ..., acquire: _Optional[_Union[AcquireOperation, _Mapping]] = ..., release: _Optional[_Union[ReleaseOperation, _Mapping]] = ..., locks: _Optional[_Union[LocksOperation, _Mapping]] = ..., seal: _Optional[_Union[SealOperation, _Mapping]] = ..., close: _Optional[_Union[CloseOperation, _Mapping]] = ..., **kwargs) -> None: ...

class OperateResponse(_message.Message):
    __slots__ = ("fault", "session", "page", "snapshot", "history", "commit", "remembered", "changes", "content", "lock", "locks", "released", "done")
    FAULT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    REMEMBERED_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    fault: _values_pb2.Fault
    session: SessionHead
    page: SessionPage
    snapshot: _variables_pb2.Snapshot
    history: _variables_pb2.ReadHistoryResponse
    commit: _variables_pb2.Commit
    remembered: RememberedCommit
    changes: SessionChanges
    content: SessionContent
    lock: _variables_pb2.HeldLock
    locks: _variables_pb2.ListLocksResponse
    released: bool
    done: Done
    def __init__(self, fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ..., session: _Optional[_Union[SessionHead, _Mapping]] = ..., page: _Optional[_Union[SessionPage, _Mapping]] = ..., snapshot: _Optional[_Union[_variables_pb2.Snapshot, _Mapping]] = ..., history: _Optional[_Union[_variables_pb2.ReadHistoryResponse, _Mapping]] = ..., commit: _Optional[_Union[_variables_pb2.Commit, _Mapping]] = ..., remembered: _Optional[_Union[RememberedCommit, _Mapping]] = ..., changes: _Optional[_Union[SessionChanges, _Mapping]] = ..., content: _Optional[_Union[SessionContent, _Mapping]] = ..., lock: _Optional[_Union[_variables_pb2.HeldLock, _Mapping]] = ..., locks: _Optional[_Union[_variables_pb2.ListLocksResponse, _Mapping]] = ..., released: bool = ..., done: _Optional[_Union[Done, _Mapping]] = ...) -> None: ...

class OperateEachRequest(_message.Message):
    __slots__ = ("id", "request", "cancel", "timeout_ms")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    id: int
    request: OperateRequest
    cancel: Done
    timeout_ms: float
    def __init__(self, id: _Optional[int] = ..., request: _Optional[_Union[OperateRequest, _Mapping]] = ..., cancel: _Optional[_Union[Done, _Mapping]] = ..., timeout_ms: _Optional[float] = ...) -> None: ...

class OperateEachResponse(_message.Message):
    __slots__ = ("id", "response")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    id: int
    response: OperateResponse
    def __init__(self, id: _Optional[int] = ..., response: _Optional[_Union[OperateResponse, _Mapping]] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Names(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class SessionPlace(_message.Message):
    __slots__ = ("epoch", "revision")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    revision: int
    def __init__(self, epoch: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...

class OpenOperation(_message.Message):
    __slots__ = ("ttl_ms", "vault")
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    VAULT_FIELD_NUMBER: _ClassVar[int]
    ttl_ms: float
    vault: str
    def __init__(self, ttl_ms: _Optional[float] = ..., vault: _Optional[str] = ...) -> None: ...

class FindOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SessionHead(_message.Message):
    __slots__ = ("session_id", "ttl_ms", "place")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    ttl_ms: float
    place: SessionPlace
    def __init__(self, session_id: _Optional[str] = ..., ttl_ms: _Optional[float] = ..., place: _Optional[_Union[SessionPlace, _Mapping]] = ...) -> None: ...

class ImportOperation(_message.Message):
    __slots__ = ("content", "ttl_ms", "vault", "sealed_ms")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    VAULT_FIELD_NUMBER: _ClassVar[int]
    SEALED_MS_FIELD_NUMBER: _ClassVar[int]
    content: SessionContent
    ttl_ms: float
    vault: str
    sealed_ms: float
    def __init__(self, content: _Optional[_Union[SessionContent, _Mapping]] = ..., ttl_ms: _Optional[float] = ..., vault: _Optional[str] = ..., sealed_ms: _Optional[float] = ...) -> None: ...

class ListOperation(_message.Message):
    __slots__ = ("limit", "after", "prefix")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    limit: float
    after: str
    prefix: str
    def __init__(self, limit: _Optional[float] = ..., after: _Optional[str] = ..., prefix: _Optional[str] = ...) -> None: ...

class SessionPage(_message.Message):
    __slots__ = ("session_ids", "next")
    SESSION_IDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    session_ids: _containers.RepeatedScalarFieldContainer[str]
    next: str
    def __init__(self, session_ids: _Optional[_Iterable[str]] = ..., next: _Optional[str] = ...) -> None: ...

class ReadOperation(_message.Message):
    __slots__ = ("names", "at_revision", "match")
    NAMES_FIELD_NUMBER: _ClassVar[int]
    AT_REVISION_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    names: Names
    at_revision: float
    match: str
    def __init__(self, names: _Optional[_Union[Names, _Mapping]] = ..., at_revision: _Optional[float] = ..., match: _Optional[str] = ...) -> None: ...

class HistoryOperation(_message.Message):
    __slots__ = ("names", "since", "up_to", "limit")
    NAMES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UP_TO_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    names: Names
    since: float
    up_to: float
    limit: float
    def __init__(self, names: _Optional[_Union[Names, _Mapping]] = ..., since: _Optional[float] = ..., up_to: _Optional[float] = ..., limit: _Optional[float] = ...) -> None: ...

class CommitOperation(_message.Message):
    __slots__ = ("plan", "writer", "outcome", "since")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    plan: _variables_pb2.CommitPlan
    writer: str
    outcome: bytes
    since: SessionPlace
    def __init__(self, plan: _Optional[_Union[_variables_pb2.CommitPlan, _Mapping]] = ..., writer: _Optional[str] = ..., outcome: _Optional[bytes] = ..., since: _Optional[_Union[SessionPlace, _Mapping]] = ...) -> None: ...

class OutcomeOperation(_message.Message):
    __slots__ = ("idempotency_key",)
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    def __init__(self, idempotency_key: _Optional[str] = ...) -> None: ...

class RememberedCommit(_message.Message):
    __slots__ = ("commit", "outcome")
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    commit: _variables_pb2.Commit
    outcome: bytes
    def __init__(self, commit: _Optional[_Union[_variables_pb2.Commit, _Mapping]] = ..., outcome: _Optional[bytes] = ...) -> None: ...

class ChangesOperation(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: SessionPlace
    def __init__(self, after: _Optional[_Union[SessionPlace, _Mapping]] = ...) -> None: ...

class SessionChanges(_message.Message):
    __slots__ = ("snapshot", "folded", "place", "commits")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    FOLDED_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    snapshot: _variables_pb2.Snapshot
    folded: _variables_pb2.Folded
    place: SessionPlace
    commits: _containers.RepeatedCompositeFieldContainer[_variables_pb2.Commit]
    def __init__(self, snapshot: _Optional[_Union[_variables_pb2.Snapshot, _Mapping]] = ..., folded: _Optional[_Union[_variables_pb2.Folded, _Mapping]] = ..., place: _Optional[_Union[SessionPlace, _Mapping]] = ..., commits: _Optional[_Iterable[_Union[_variables_pb2.Commit, _Mapping]]] = ...) -> None: ...

class ExportOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SessionContent(_message.Message):
    __slots__ = ("format", "session_id", "epoch", "revision", "variables", "history", "outcomes", "locks", "fence")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    LOCKS_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    format: int
    session_id: str
    epoch: int
    revision: int
    variables: _containers.RepeatedCompositeFieldContainer[_variables_pb2.Variable]
    history: _containers.RepeatedCompositeFieldContainer[_variables_pb2.Commit]
    outcomes: _containers.RepeatedCompositeFieldContainer[KeptOutcome]
    locks: _variables_pb2.ListLocksResponse
    fence: int
    def __init__(self, format: _Optional[int] = ..., session_id: _Optional[str] = ..., epoch: _Optional[int] = ..., revision: _Optional[int] = ..., variables: _Optional[_Iterable[_Union[_variables_pb2.Variable, _Mapping]]] = ..., history: _Optional[_Iterable[_Union[_variables_pb2.Commit, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[KeptOutcome, _Mapping]]] = ..., locks: _Optional[_Union[_variables_pb2.ListLocksResponse, _Mapping]] = ..., fence: _Optional[int] = ...) -> None: ...

class KeptOutcome(_message.Message):
    __slots__ = ("key", "revision", "outcome")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    key: str
    revision: int
    outcome: bytes
    def __init__(self, key: _Optional[str] = ..., revision: _Optional[int] = ..., outcome: _Optional[bytes] = ...) -> None: ...

class AcquireOperation(_message.Message):
    __slots__ = ("name", "holder", "lease_ms", "preempt", "fence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    PREEMPT_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    holder: str
    lease_ms: float
    preempt: bool
    fence: float
    def __init__(self, name: _Optional[str] = ..., holder: _Optional[str] = ..., lease_ms: _Optional[float] = ..., preempt: bool = ..., fence: _Optional[float] = ...) -> None: ...

class ReleaseOperation(_message.Message):
    __slots__ = ("name", "fence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    fence: float
    def __init__(self, name: _Optional[str] = ..., fence: _Optional[float] = ...) -> None: ...

class LocksOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SealOperation(_message.Message):
    __slots__ = ("ms",)
    MS_FIELD_NUMBER: _ClassVar[int]
    ms: float
    def __init__(self, ms: _Optional[float] = ...) -> None: ...

class CloseOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FollowRequest(_message.Message):
    __slots__ = ("watch", "begin", "take", "leave")
    WATCH_FIELD_NUMBER: _ClassVar[int]
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    watch: int
    begin: BeginWatch
    take: TakeEvent
    leave: LeaveWatch
    def __init__(self, watch: _Optional[int] = ..., begin: _Optional[_Union[BeginWatch, _Mapping]] = ..., take: _Optional[_Union[TakeEvent, _Mapping]] = ..., leave: _Optional[_Union[LeaveWatch, _Mapping]] = ...) -> None: ...

class BeginWatch(_message.Message):
    __slots__ = ("session_id", "epoch", "names", "match")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    AS_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: float
    names: Names
    match: str
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[float] = ..., names: _Optional[_Union[Names, _Mapping]] = ..., match: _Optional[str] = ..., **kwargs) -> None: ...

class TakeEvent(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LeaveWatch(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FollowResponse(_message.Message):
    __slots__ = ("watch", "event", "ended", "fault")
    WATCH_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    watch: int
    event: _variables_pb2.WatchVariablesResponse
    ended: Done
    fault: _values_pb2.Fault
    def __init__(self, watch: _Optional[int] = ..., event: _Optional[_Union[_variables_pb2.WatchVariablesResponse, _Mapping]] = ..., ended: _Optional[_Union[Done, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ...) -> None: ...
