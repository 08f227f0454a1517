#!/usr/bin/env python3
"""The APIs that a broker offers, as rows of docs/kafka-compatibility.md.

    apis.py HOST:PORT
"""

import re
import socket
import struct
import subprocess
import sys

from suites import deps


def offered(address):
    """(key, lowest, highest version) of each API, by an ApiVersions request of version 0."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as s:
        s.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
        size = struct.unpack(">i", exactly(s, 4))[0]
        body = exactly(s, size)
    error, n = struct.unpack(">hi", body[4:10])
    if error:
        raise SystemExit("ApiVersions: error %d" % error)
    return [struct.unpack(">hhh", body[10 + 6 * i:16 + 6 * i]) for i in range(n)]


def exactly(s, n):
    out = b""
    while len(out) < n:
        got = s.recv(n - len(out))
        if not got:
            raise SystemExit("the connection was closed")
        out += got
    return out


def names():
    """Kafka's names of the keys."""
    code = "from kafka.protocol.api_key import ApiKey\nfor k in ApiKey: print(k.value, k.name)"
    out = subprocess.run([deps.venv("kafka-python-new"), "-c", code], capture_output=True, text=True, check=True).stdout
    return {int(k): re.sub("Request$", "", n) for k, n in (line.split() for line in out.splitlines())}


if __name__ == "__main__":
    known = names()
    for key, low, high in sorted(offered(sys.argv[1])):
        print("| %d | %s | %s |" % (key, known.get(key, "?"), low if low == high else "%d–%d" % (low, high)))
