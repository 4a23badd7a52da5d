"""Length-prefixed frames on a Unix socket, in plain Python: each one is sent back as it is. With the argument `length`
how many bytes it had is sent back, in eight.
"""

from __future__ import annotations

import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
stream = connection.makefile("rwb")
length = "length" in sys.argv[2:]
while header := stream.read(4):
    frame = stream.read(int.from_bytes(header, "big"))
    if length:
        header, frame = (8).to_bytes(4, "big"), len(frame).to_bytes(8, "big")
    stream.write(header + frame)
    stream.flush()
