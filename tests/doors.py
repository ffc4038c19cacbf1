"""The sandbox over HTTP, for what only a real socket shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from portal.sandbox.core import Sandbox
from portal.sandbox.server import SandboxServer


class CountingServer(SandboxServer):
    """Knows how many connections it was asked for."""

    connections = 0

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


@contextmanager
def http_door(sandbox: Sandbox) -> Iterator[CountingServer]:
    """Serve a sandbox on a free port."""
    server = CountingServer(sandbox)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
