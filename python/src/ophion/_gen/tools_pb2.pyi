from ophion._gen import values_pb2 as _values_pb2
from ophion._gen import variables_pb2 as _variables_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OutcomeState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_STATE_UNSPECIFIED: _ClassVar[OutcomeState]
    OUTCOME_STATE_RUNNING: _ClassVar[OutcomeState]
    OUTCOME_STATE_ENDED: _ClassVar[OutcomeState]
    OUTCOME_STATE_NOT_STARTED: _ClassVar[OutcomeState]
    OUTCOME_STATE_UNKNOWN: _ClassVar[OutcomeState]

class WriteMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WRITE_MODE_UNSPECIFIED: _ClassVar[WriteMode]
    WRITE_MODE_IMMEDIATE: _ClassVar[WriteMode]
    WRITE_MODE_WITH_RESULT: _ClassVar[WriteMode]

class ConflictPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONFLICT_POLICY_UNSPECIFIED: _ClassVar[ConflictPolicy]
    CONFLICT_POLICY_FAIL: _ClassVar[ConflictPolicy]
    CONFLICT_POLICY_RERUN: _ClassVar[ConflictPolicy]
OUTCOME_STATE_UNSPECIFIED: OutcomeState
OUTCOME_STATE_RUNNING: OutcomeState
OUTCOME_STATE_ENDED: OutcomeState
OUTCOME_STATE_NOT_STARTED: OutcomeState
OUTCOME_STATE_UNKNOWN: OutcomeState
WRITE_MODE_UNSPECIFIED: WriteMode
WRITE_MODE_IMMEDIATE: WriteMode
WRITE_MODE_WITH_RESULT: WriteMode
CONFLICT_POLICY_UNSPECIFIED: ConflictPolicy
CONFLICT_POLICY_FAIL: ConflictPolicy
CONFLICT_POLICY_RERUN: ConflictPolicy

class CallToolRequest(_message.Message):
    __slots__ = ("call",)
    CALL_FIELD_NUMBER: _ClassVar[int]
    call: ToolCall
    def __init__(self, call: _Optional[_Union[ToolCall, _Mapping]] = ...) -> None: ...

class CallToolResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: ToolResult
    def __init__(self, result: _Optional[_Union[ToolResult, _Mapping]] = ...) -> None: ...

class StreamToolRequest(_message.Message):
    __slots__ = ("call",)
    CALL_FIELD_NUMBER: _ClassVar[int]
    call: ToolCall
    def __init__(self, call: _Optional[_Union[ToolCall, _Mapping]] = ...) -> None: ...

class StreamToolResponse(_message.Message):
    __slots__ = ("item", "result")
    ITEM_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    item: _values_pb2.Value
    result: ToolResult
    def __init__(self, item: _Optional[_Union[_values_pb2.Value, _Mapping]] = ..., result: _Optional[_Union[ToolResult, _Mapping]] = ...) -> None: ...

class GetOutcomeRequest(_message.Message):
    __slots__ = ("session_id", "key")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    key: str
    def __init__(self, session_id: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class GetOutcomeResponse(_message.Message):
    __slots__ = ("state", "result")
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    state: OutcomeState
    result: ToolResult
    def __init__(self, state: _Optional[_Union[OutcomeState, str]] = ..., result: _Optional[_Union[ToolResult, _Mapping]] = ...) -> None: ...

class ListToolsRequest(_message.Message):
    __slots__ = ("session_id", "page_size", "page_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    page_size: int
    page_token: str
    def __init__(self, session_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListToolsResponse(_message.Message):
    __slots__ = ("tools", "next_page_token")
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tools: _containers.RepeatedCompositeFieldContainer[ToolDescription]
    next_page_token: str
    def __init__(self, tools: _Optional[_Iterable[_Union[ToolDescription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ToolCall(_message.Message):
    __slots__ = ("session_id", "tool", "arguments", "timeout_ms", "traceparent", "idempotency_key", "min_revision", "call_id", "stream", "parent_call_id", "overlay")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    PARENT_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    OVERLAY_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    tool: str
    arguments: _values_pb2.Map
    timeout_ms: float
    traceparent: str
    idempotency_key: str
    min_revision: int
    call_id: str
    stream: bool
    parent_call_id: str
    overlay: _variables_pb2.CommitPlan
    def __init__(self, session_id: _Optional[str] = ..., tool: _Optional[str] = ..., arguments: _Optional[_Union[_values_pb2.Map, _Mapping]] = ..., timeout_ms: _Optional[float] = ..., traceparent: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., min_revision: _Optional[int] = ..., call_id: _Optional[str] = ..., stream: bool = ..., parent_call_id: _Optional[str] = ..., overlay: _Optional[_Union[_variables_pb2.CommitPlan, _Mapping]] = ...) -> None: ...

class ToolResult(_message.Message):
    __slots__ = ("value", "fault", "revision", "facts", "writes", "committed_revision", "handler_ms")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    HANDLER_MS_FIELD_NUMBER: _ClassVar[int]
    value: _values_pb2.Value
    fault: _values_pb2.Fault
    revision: int
    facts: _values_pb2.Map
    writes: _variables_pb2.CommitPlan
    committed_revision: int
    handler_ms: float
    def __init__(self, value: _Optional[_Union[_values_pb2.Value, _Mapping]] = ..., fault: _Optional[_Union[_values_pb2.Fault, _Mapping]] = ..., revision: _Optional[int] = ..., facts: _Optional[_Union[_values_pb2.Map, _Mapping]] = ..., writes: _Optional[_Union[_variables_pb2.CommitPlan, _Mapping]] = ..., committed_revision: _Optional[int] = ..., handler_ms: _Optional[float] = ...) -> None: ...

class ToolDescription(_message.Message):
    __slots__ = ("name", "description", "stream", "parameters", "returns", "input_schema", "output_schema", "idempotent", "writes", "on_conflict", "signature")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    RETURNS_FIELD_NUMBER: _ClassVar[int]
    INPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENT_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    ON_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    stream: bool
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    returns: str
    input_schema: str
    output_schema: str
    idempotent: bool
    writes: WriteMode
    on_conflict: ConflictPolicy
    signature: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., stream: bool = ..., parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., returns: _Optional[str] = ..., input_schema: _Optional[str] = ..., output_schema: _Optional[str] = ..., idempotent: bool = ..., writes: _Optional[_Union[WriteMode, str]] = ..., on_conflict: _Optional[_Union[ConflictPolicy, str]] = ..., signature: _Optional[str] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("name", "type", "required")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    required: bool
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., required: bool = ...) -> None: ...
