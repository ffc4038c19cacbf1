"""A scanner that speaks clamd's protocol on a socket of its own, and does what a test says."""

import socketserver
import struct
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VIRUS = b"X5O-not-really-a-virus"


class _Conversation(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        self.server.heard.append(command)
        if self.server.mood == "hangs":
            self.server.over.wait(5)
        elif self.server.mood == "hangs up":
            return
        elif command == b"zVERSION\0":
            self.wfile.write(self.server.version + b"\0")
        elif command == b"zINSTREAM\0":
            self.wfile.write(self._verdict() + b"\0")
        else:
            self.wfile.write(b"UNKNOWN COMMAND\0")

    def _verdict(self) -> bytes:
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            if len(content) + size > self.server.most:
                return b"INSTREAM size limit exceeded. ERROR"
            content += self.rfile.read(size)
        self.server.scanned.append(content)
        if self.server.mood == "drips":
            for char in b"stream: ":
                self.wfile.write(bytes([char]))
                time.sleep(0.1)
        return b"stream: Test.Virus-1 FOUND" if VIRUS in content else self.server.clean


class _Network(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def clamd(settings: Any, path: Path | None = None, *, mood: str = "", **said: Any) -> Any:
    """Set as the scanner for as long as the block lasts; on TCP, or on a Unix socket at the path."""
    server: Any = _Unix(str(path), _Conversation) if path else _Network(("127.0.0.1", 0), _Conversation)
    server.mood, server.most = mood, said.get("most", 25 * 1024 * 1024)
    server.clean = said.get("clean", b"stream: OK")
    server.version = said.get("version", b"ClamAV 1.4.3/27500/Sat Nov 21 08:00:00 2026")
    server.heard, server.scanned, server.over = [], [], threading.Event()
    settings.CLAMD = server.server_address
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        settings.CLAMD = None
        server.over.set()
        server.shutdown()
        server.server_close()
