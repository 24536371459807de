"""A client of server-sent events on a bare socket, which may vanish at any time."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

PATH = "/api/queue/events"


class Viewer:
    """One request, and what comes of it. `status` and `headers` are read at once."""

    def __init__(self, url, cookie="", query="", *, reads=True, **headers):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=15)
        said = {"Host": parts.netloc, "Cookie": f"sessionid={cookie}"}
        said |= {"Accept": "text/event-stream", "Connection": "close", **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in said.items())
        self.socket.sendall(f"GET {PATH}{query} HTTP/1.0\r\n{lines}\r\n".encode())
        self.file = self.socket.makefile("rb")
        if reads:
            try:
                self._read_head()
            except BaseException:
                self.vanish()
                raise

    def _read_head(self):
        line = self.file.readline()
        if not line:
            raise ConnectionResetError
        self.status = int(line.split()[1])
        rows = iter(self.file.readline, b"\r\n")
        pairs = (row.decode().strip().split(": ", 1) for row in rows)
        self.headers = {name.lower(): value for name, value in pairs}

    def block(self):
        """Return the fields of the next block; a comment has the name "". Empty at the end."""
        found = {}
        for line in iter(self.file.readline, b""):
            if line == b"\n":
                return found
            name, _, value = line.decode().rstrip("\n").partition(": ")
            found[name.rstrip(":")] = value
        return found

    def event(self):
        """Return the next event, with its data read; None at the end."""
        while block := self.block():
            if "data" in block:
                return {**block, "data": json.loads(block["data"])}
        return None

    def rest(self):
        """Return what comes until the end."""
        return self.file.read().decode()

    def vanish(self):
        self.file.close()
        self.socket.close()
