"""Length-prefixed frames on a Unix socket, in plain Python: each one is sent back as it is."""

from __future__ import annotations

import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
stream = connection.makefile("rwb")
while header := stream.read(4):
    stream.write(header + stream.read(int.from_bytes(header, "big")))
    stream.flush()
