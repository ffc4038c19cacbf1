"""The HTTP door: HTTP/1.1 with keep-alive, a thread for each connection, on 127.0.0.1 only."""

import socket
import struct
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from portal.sandbox import courier, doors
from portal.sandbox.core import Sandbox
from portal.sandbox.wire import Request, Response

MAX_BODY = 16 * 1024 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class SandboxServer(ThreadingHTTPServer):
    """Serves one sandbox; port 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.sandbox = sandbox
        self.stopping = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve, and post callbacks meanwhile. One that is on its way when it ends is not waited for."""
        thread = Thread(target=courier.run, args=(self.sandbox, self.stopping), daemon=True)
        thread.start()
        try:
            super().serve_forever(poll_interval)
        finally:
            self.stopping.set()
            thread.join(timeout=1)

    def shutdown(self) -> None:
        self.stopping.set()
        super().shutdown()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event; anything else is a bug and shows itself."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = 120

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        request = Request.at(self.command, self.path, dict(self.headers.items()), body)
        self._deliver(doors.answer(self.server.sandbox, request))

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = _answer

    def _deliver(self, response: Response) -> None:
        if response.stall and self.server.stopping.wait(response.stall):
            self.close_connection = True
            return
        if response.cut == "reset":
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.stream is not None:
            self._send_stream(response)
            return
        if "Content-Length" not in response.headers and response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        if response.cut == "short":
            self.close_connection = True

    def _send_stream(self, response: Response) -> None:
        """A body of unknown length, in chunks of some size."""
        assert response.stream is not None
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pending: list[bytes] = []
        size = 0
        for part in response.stream:
            pending.append(part)
            size += len(part)
            if size >= self.wbufsize:
                self._send_chunk(b"".join(pending))
                pending, size = [], 0
        if pending:
            self._send_chunk(b"".join(pending))
        self.wfile.write(b"0\r\n\r\n")

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def version_string(self) -> str:
        return self.server_version

    def log_message(self, format: str, *args: Any) -> None:
        """The journal is the log."""
