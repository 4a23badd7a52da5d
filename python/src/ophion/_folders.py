"""Messages in files: either side puts them into a folder of the Welcome, and the other one takes and removes them."""

from __future__ import annotations

import errno
import mmap
import os
import re
import stat
import threading
from collections.abc import Callable, Sequence

from ophion._attachments import Attachment
from ophion._errors import ProtocolError, StateError
from ophion._gen import workers_pb2 as pb
from ophion._read_bytes import read_bytes
from ophion._spare_files import MEMORY_FOLDER, claim_spare, leave
from ophion._spill import GivenUp, Job

_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What is written at once: so much passes before a job that was given up ends.
_PIECE = 16 * 1024 * 1024


# Counts the forks of this process: a child sees what was mapped before, and must go on seeing it.
_forks = 0


def _forked() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_forked)


class Folders:
    """The folders of the host's Welcome, the better one first."""

    def __init__(self, paths: Sequence[str], descriptors: Sequence[int]) -> None:
        self._paths = paths
        self._descriptors = descriptors
        self._lock = threading.Lock()
        self._files = 0

    @staticmethod
    def open(paths: Sequence[str]) -> Folders | None:
        """None when there are none, or when this process cannot enter them: it may have other files than its host."""
        descriptors: list[int] = []
        try:
            for path in paths:
                descriptors.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))
                if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                    raise PermissionError(path)
        except OSError:
            for descriptor in descriptors:
                os.close(descriptor)
            return None
        return Folders(paths, descriptors) if descriptors else None

    def put(self, job: Job) -> pb.Elsewhere:
        """See `Place`."""
        with self._lock:
            self._files += 1
            name = f"w{self._files}"
        lacking: OSError | None = None
        for index, folder in enumerate(self._descriptors):
            spare = self._is_memory(index) and claim_spare(folder, "w", name)
            if not spare and index < len(self._descriptors) - 1 and not _has_room(folder, job.size):
                continue
            try:
                self._write(folder, name, job, spare)
            except OSError as error:
                self._unlink(folder, name)
                if error.errno not in _NO_ROOM:
                    raise
                lacking = error
            except BaseException:
                self._unlink(folder, name)
                raise
            else:
                return pb.Elsewhere(file=pb.SpilledFile(folder=index, name=name), lengths=job.lengths)
        where = " nor ".join(os.path.dirname(os.path.dirname(path)) for path in self._paths)
        text = f"there is no room for a payload of {job.size} bytes in {where}: {lacking}"
        raise StateError(f"{text}; free some, or set TMPDIR; nothing was sent", code="quota")

    def given_up(self) -> None:
        """See `Place`: it looks itself, from piece to piece."""

    def close(self) -> None:
        """See `Place`: the host removes them."""

    def take(self, elsewhere: pb.Elsewhere) -> tuple[bytes, list[Attachment]]:
        """See `Place`. Attachments stay where they are until they are looked at."""
        folder, name = self._folder_of(elsewhere), elsewhere.file.name
        size = sum(elsewhere.lengths)
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            spare = self._is_memory(elsewhere.file.folder)
            file = _File(descriptor, (lambda again: leave(folder, name, size, again)) if spare else None)
            found = os.fstat(descriptor)
            if not spare:
                os.unlink(name, dir_fd=folder)
        except OSError as error:
            raise ProtocolError(f"a payload of the host is not in its file: {error}") from None
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            raise ProtocolError(f"a payload of {size} bytes has a file of {found.st_size}")
        return file.parts(elsewhere.lengths)

    def remove(self, elsewhere: pb.Elsewhere) -> None:
        """See `Place`."""
        self._unlink(self._folder_of(elsewhere), elsewhere.file.name)

    def _folder_of(self, elsewhere: pb.Elsewhere) -> int:
        index, name = elsewhere.file.folder, elsewhere.file.name
        if (
            elsewhere.WhichOneof("place") != "file"
            or index >= len(self._descriptors)
            or _PLAIN_NAME.fullmatch(name) is None
            or not elsewhere.lengths
        ):
            raise ProtocolError("a payload of the host lies in a file that has no place here")
        return self._descriptors[index]

    def _is_memory(self, index: int) -> bool:
        return self._paths[index].startswith(MEMORY_FOLDER)

    @staticmethod
    def _write(folder: int, name: str, job: Job, spare: bool) -> None:
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (0 if spare else os.O_CREAT | os.O_EXCL)
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
        try:
            if spare:
                os.ftruncate(descriptor, job.size)
            for part in job.parts:
                at = 0
                while at < part.nbytes:
                    if job.given_up:
                        raise GivenUp
                    at += os.write(descriptor, part[at : at + _PIECE])
        finally:
            os.close(descriptor)

    @staticmethod
    def _unlink(folder: int, name: str) -> None:
        # Not there: never made, taken, or gone with the host's folder.
        try:
            os.unlink(name, dir_fd=folder)
        except OSError:
            return


def _has_room(folder: int, size: int) -> bool:
    """A file in memory takes memory that others need too: so it must leave as much as it takes."""
    system = os.fstatvfs(folder)
    return system.f_bavail * system.f_frsize >= 2 * size


class _Mapping(mmap.mmap):
    """A mapped file; it is done with when nobody looks at it any more."""

    done: Callable[[], None] | None = None

    def __del__(self) -> None:
        if self.done is not None:
            self.done()


class _File:
    """An open file; `done` is told once, when nobody looks at its parts any more, whether it may be written again."""

    def __init__(self, descriptor: int, done: Callable[[bool], None] | None) -> None:
        self._descriptor = descriptor
        self._done = done
        self._lock = threading.Lock()
        self._mapping: memoryview | None = None

    def __del__(self) -> None:
        os.close(self._descriptor)
        if self._mapping is None and self._done is not None:
            self._done(True)

    def parts(self, lengths: Sequence[int]) -> tuple[bytes, list[Attachment]]:
        """The payload, and the attachments behind it."""
        at = lengths[0]
        attachments: list[Attachment] = []
        for length in lengths[1:]:
            attachments.append(_Part(self, at, length))
            at += length
        return self.read(0, lengths[0]), attachments

    def view(self, at: int, size: int) -> memoryview:
        with self._lock:
            if self._mapping is None:
                mapping = _Mapping(self._descriptor, 0, access=mmap.ACCESS_READ)
                mapping.done = _when_unmapped(self._done)
                self._mapping = memoryview(mapping)
        return self._mapping[at : at + size]

    def read(self, at: int, size: int) -> bytes:
        return read_bytes(self._descriptor, at, size)


def _when_unmapped(done: Callable[[bool], None] | None) -> Callable[[], None] | None:
    before = _forks
    # A child that this process has forked meanwhile may look at it still.
    return None if done is None else lambda: done(_forks == before)


class _Part:
    """An attachment in a file."""

    def __init__(self, file: _File, at: int, size: int) -> None:
        self._file = file
        self._at = at
        self.size = size

    def view(self) -> memoryview:
        """See `Attachment`."""
        return self._file.view(self._at, self.size)

    def read(self) -> bytes:
        """See `Attachment`."""
        return self._file.read(self._at, self.size)
