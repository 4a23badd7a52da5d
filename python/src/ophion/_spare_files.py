"""Files in memory that were taken and are written again: a new one costs several times as much, since the system has to
find and clear its pages first. Who has taken a file renames it, and who put it there claims it by another renaming.
The twin of TypeScript's `spare-files.ts`.
"""

from __future__ import annotations

import os

# Where files are in memory; those on a disk are not kept, as then they would be written to it.
MEMORY_FOLDER = "/dev/shm/"
# More than that is not kept of what one side of an incarnation has put.
SPARE_BYTES = 128 * 1024 * 1024
_ENDING = ".spare"


def claim_spare(folder: int, letter: str, name: str) -> bool:
    """Gives a spare file a new name: one of those whose names begin so. False when there is none."""
    for spare in _spares_in(folder, letter):
        try:
            os.rename(spare, name, src_dir_fd=folder, dst_dir_fd=folder)
            return True
        except OSError:
            continue  # it was removed just now
    return False


def leave(folder: int, name: str, size: int, again: bool = True) -> None:
    """A file that was taken: spare from now on when it may be written again and there are not enough, else gone. Does
    nothing when the folder is gone.
    """
    try:
        kept = sum(os.stat(spare, dir_fd=folder).st_size for spare in _spares_in(folder, name[0]))
        if again and kept + size <= SPARE_BYTES:
            os.rename(name, name + _ENDING, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)
    except OSError:
        return


def _spares_in(folder: int, letter: str) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(letter) and name.endswith(_ENDING)]
