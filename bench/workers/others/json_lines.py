"""JSON lines over stdin and stdout: the protocol of `python-shell` in its mode `json`."""

from __future__ import annotations

import json
import sys

for line in sys.stdin:
    sys.stdout.write(json.dumps(json.loads(line)) + "\n")
    sys.stdout.flush()
