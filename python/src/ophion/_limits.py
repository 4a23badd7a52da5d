"""The limits that both ends of a worker's stream keep. The host's Welcome says which."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ophion._gen import workers_pb2 as pb


class Limits(NamedTuple):
    """Sizes in bytes, counts, and the interval of liveness frames in milliseconds."""

    max_frame_bytes: int = 64 * 1024
    max_message_bytes: int = 16 * 1024 * 1024
    max_exchanges: int = 1024
    liveness_interval_ms: int = 1000
    # How much either side may have sent that the other one is not done with.
    window_bytes: int = 4 * 1024 * 1024
    # What does not fit frames, each and all that the other side has not taken.
    max_payload_bytes: int = 1024 * 1024 * 1024
    max_spilled_bytes: int = 1024 * 1024 * 1024

    def with_host(self, limits: pb.Limits) -> Limits:
        """These limits, with what the host says put over them; what it leaves out stays."""
        said = {name: getattr(limits, name) for name in self._fields}
        return self._replace(**{name: value for name, value in said.items() if value})
