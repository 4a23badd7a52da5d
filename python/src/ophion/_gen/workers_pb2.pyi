from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TransferRequest(_message.Message):
    __slots__ = ("hello", "chunk", "taken", "dropped")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    hello: TransferHello
    chunk: TransferChunk
    taken: TransferTaken
    dropped: TransferDropped
    def __init__(self, hello: _Optional[_Union[TransferHello, _Mapping]] = ..., chunk: _Optional[_Union[TransferChunk, _Mapping]] = ..., taken: _Optional[_Union[TransferTaken, _Mapping]] = ..., dropped: _Optional[_Union[TransferDropped, _Mapping]] = ...) -> None: ...

class TransferResponse(_message.Message):
    __slots__ = ("resume", "chunk", "taken", "dropped")
    RESUME_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    resume: TransferResume
    chunk: TransferChunk
    taken: TransferTaken
    dropped: TransferDropped
    def __init__(self, resume: _Optional[_Union[TransferResume, _Mapping]] = ..., chunk: _Optional[_Union[TransferChunk, _Mapping]] = ..., taken: _Optional[_Union[TransferTaken, _Mapping]] = ..., dropped: _Optional[_Union[TransferDropped, _Mapping]] = ...) -> None: ...

class TransferHello(_message.Message):
    __slots__ = ("worker_id", "incarnation", "token", "taken")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: int
    token: str
    taken: _containers.RepeatedCompositeFieldContainer[TransferTaken]
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[int] = ..., token: _Optional[str] = ..., taken: _Optional[_Iterable[_Union[TransferTaken, _Mapping]]] = ...) -> None: ...

class TransferResume(_message.Message):
    __slots__ = ("taken",)
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    taken: _containers.RepeatedCompositeFieldContainer[TransferTaken]
    def __init__(self, taken: _Optional[_Iterable[_Union[TransferTaken, _Mapping]]] = ...) -> None: ...

class TransferChunk(_message.Message):
    __slots__ = ("transfer", "offset", "size", "data")
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    transfer: int
    offset: int
    size: int
    data: bytes
    def __init__(self, transfer: _Optional[int] = ..., offset: _Optional[int] = ..., size: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class TransferTaken(_message.Message):
    __slots__ = ("transfer", "bytes", "whole")
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    transfer: int
    bytes: int
    whole: bool
    def __init__(self, transfer: _Optional[int] = ..., bytes: _Optional[int] = ..., whole: bool = ...) -> None: ...

class TransferDropped(_message.Message):
    __slots__ = ("transfer",)
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    transfer: int
    def __init__(self, transfer: _Optional[int] = ...) -> None: ...

class AttachRequest(_message.Message):
    __slots__ = ("frames", "acknowledged", "credit")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[Frame]
    acknowledged: int
    credit: int
    def __init__(self, frames: _Optional[_Iterable[_Union[Frame, _Mapping]]] = ..., acknowledged: _Optional[int] = ..., credit: _Optional[int] = ...) -> None: ...

class AttachResponse(_message.Message):
    __slots__ = ("frames", "acknowledged", "credit")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[Frame]
    acknowledged: int
    credit: int
    def __init__(self, frames: _Optional[_Iterable[_Union[Frame, _Mapping]]] = ..., acknowledged: _Optional[int] = ..., credit: _Optional[int] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("sequence", "hello", "welcome", "progress", "ready", "liveness", "drain", "goodbye", "envelope", "join", "admission", "lease", "gone")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    LIVENESS_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    GOODBYE_FIELD_NUMBER: _ClassVar[int]
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    JOIN_FIELD_NUMBER: _ClassVar[int]
    ADMISSION_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    hello: Hello
    welcome: Welcome
    progress: Progress
    ready: Ready
    liveness: Liveness
    drain: Drain
    goodbye: Goodbye
    envelope: Envelope
    join: Join
    admission: Admission
    lease: Lease
    gone: Gone
    def __init__(self, sequence: _Optional[int] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ..., welcome: _Optional[_Union[Welcome, _Mapping]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., ready: _Optional[_Union[Ready, _Mapping]] = ..., liveness: _Optional[_Union[Liveness, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., goodbye: _Optional[_Union[Goodbye, _Mapping]] = ..., envelope: _Optional[_Union[Envelope, _Mapping]] = ..., join: _Optional[_Union[Join, _Mapping]] = ..., admission: _Optional[_Union[Admission, _Mapping]] = ..., lease: _Optional[_Union[Lease, _Mapping]] = ..., gone: _Optional[_Union[Gone, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("protocol_version", "worker_id", "incarnation", "token", "run_id", "os_pid", "python_version", "library_version", "resume_from")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    OS_PID_FIELD_NUMBER: _ClassVar[int]
    PYTHON_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESUME_FROM_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    worker_id: str
    incarnation: int
    token: str
    run_id: str
    os_pid: int
    python_version: str
    library_version: str
    resume_from: int
    def __init__(self, protocol_version: _Optional[int] = ..., worker_id: _Optional[str] = ..., incarnation: _Optional[int] = ..., token: _Optional[str] = ..., run_id: _Optional[str] = ..., os_pid: _Optional[int] = ..., python_version: _Optional[str] = ..., library_version: _Optional[str] = ..., resume_from: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("protocol_version", "resume_from", "limits", "lease_ms", "folders", "transfers")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESUME_FROM_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    FOLDERS_FIELD_NUMBER: _ClassVar[int]
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    resume_from: int
    limits: Limits
    lease_ms: int
    folders: _containers.RepeatedScalarFieldContainer[str]
    transfers: bool
    def __init__(self, protocol_version: _Optional[int] = ..., resume_from: _Optional[int] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., lease_ms: _Optional[int] = ..., folders: _Optional[_Iterable[str]] = ..., transfers: bool = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_frame_bytes", "max_message_bytes", "max_exchanges", "liveness_interval_ms", "window_bytes", "max_payload_bytes", "max_spilled_bytes")
    MAX_FRAME_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    LIVENESS_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_PAYLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_SPILLED_BYTES_FIELD_NUMBER: _ClassVar[int]
    max_frame_bytes: int
    max_message_bytes: int
    max_exchanges: int
    liveness_interval_ms: int
    window_bytes: int
    max_payload_bytes: int
    max_spilled_bytes: int
    def __init__(self, max_frame_bytes: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_exchanges: _Optional[int] = ..., liveness_interval_ms: _Optional[int] = ..., window_bytes: _Optional[int] = ..., max_payload_bytes: _Optional[int] = ..., max_spilled_bytes: _Optional[int] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("what",)
    WHAT_FIELD_NUMBER: _ClassVar[int]
    what: str
    def __init__(self, what: _Optional[str] = ...) -> None: ...

class Ready(_message.Message):
    __slots__ = ("catalog", "capacity", "takes_files", "takes_transfers")
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    TAKES_FILES_FIELD_NUMBER: _ClassVar[int]
    TAKES_TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    catalog: bytes
    capacity: int
    takes_files: bool
    takes_transfers: bool
    def __init__(self, catalog: _Optional[bytes] = ..., capacity: _Optional[int] = ..., takes_files: bool = ..., takes_transfers: bool = ...) -> None: ...

class Liveness(_message.Message):
    __slots__ = ("loop_lag_ms", "in_flight", "rss_bytes", "lease", "lease_heard")
    LOOP_LAG_MS_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    LEASE_HEARD_FIELD_NUMBER: _ClassVar[int]
    loop_lag_ms: float
    in_flight: _containers.RepeatedScalarFieldContainer[int]
    rss_bytes: int
    lease: int
    lease_heard: int
    def __init__(self, loop_lag_ms: _Optional[float] = ..., in_flight: _Optional[_Iterable[int]] = ..., rss_bytes: _Optional[int] = ..., lease: _Optional[int] = ..., lease_heard: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Goodbye(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("exchange", "payload", "more", "end", "elsewhere")
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    exchange: int
    payload: bytes
    more: bool
    end: bool
    elsewhere: Elsewhere
    def __init__(self, exchange: _Optional[int] = ..., payload: _Optional[bytes] = ..., more: bool = ..., end: bool = ..., elsewhere: _Optional[_Union[Elsewhere, _Mapping]] = ...) -> None: ...

class Elsewhere(_message.Message):
    __slots__ = ("file", "transfer", "lengths")
    FILE_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    file: SpilledFile
    transfer: int
    lengths: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, file: _Optional[_Union[SpilledFile, _Mapping]] = ..., transfer: _Optional[int] = ..., lengths: _Optional[_Iterable[int]] = ...) -> None: ...

class SpilledFile(_message.Message):
    __slots__ = ("folder", "name")
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    folder: int
    name: str
    def __init__(self, folder: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class Join(_message.Message):
    __slots__ = ("protocol_version", "token", "module", "os_pid", "host", "python_version", "library_version", "capacity")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    MODULE_FIELD_NUMBER: _ClassVar[int]
    OS_PID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    PYTHON_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    token: str
    module: str
    os_pid: int
    host: str
    python_version: str
    library_version: str
    capacity: int
    def __init__(self, protocol_version: _Optional[int] = ..., token: _Optional[str] = ..., module: _Optional[str] = ..., os_pid: _Optional[int] = ..., host: _Optional[str] = ..., python_version: _Optional[str] = ..., library_version: _Optional[str] = ..., capacity: _Optional[int] = ...) -> None: ...

class Admission(_message.Message):
    __slots__ = ("worker_id", "incarnation", "token", "run_id", "lease_ms", "preload", "capacity", "address")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    PRELOAD_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: int
    token: str
    run_id: str
    lease_ms: int
    preload: _containers.RepeatedScalarFieldContainer[str]
    capacity: int
    address: str
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[int] = ..., token: _Optional[str] = ..., run_id: _Optional[str] = ..., lease_ms: _Optional[int] = ..., preload: _Optional[_Iterable[str]] = ..., capacity: _Optional[int] = ..., address: _Optional[str] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("number",)
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    number: int
    def __init__(self, number: _Optional[int] = ...) -> None: ...

class Gone(_message.Message):
    __slots__ = ("worker_id", "incarnation", "token", "exit_code", "signal")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    incarnation: int
    token: str
    exit_code: int
    signal: str
    def __init__(self, worker_id: _Optional[str] = ..., incarnation: _Optional[int] = ..., token: _Optional[str] = ..., exit_code: _Optional[int] = ..., signal: _Optional[str] = ...) -> None: ...
