"""`manage.py sandbox`: the stand-in for Twilio over HTTP."""

import json
import signal
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.sandbox.core import NotASandbox, Sandbox
from portal.sandbox.dataset.build import DEFAULT_NUMBERS
from portal.sandbox.server import SandboxServer


class Command(BaseCommand):
    help = "Serve a stand-in for Twilio on 127.0.0.1; the first line printed says where and with which keys."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8010, help="0 takes a free one")
        parser.add_argument(
            "--numbers", type=int, default=DEFAULT_NUMBERS, help="how many phone numbers the accounts own"
        )
        parser.add_argument("--db", type=Path, help="the state file, kept between runs")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["db"] or settings.DATA_DIR / "sandbox.sqlite3"
        try:
            sandbox = Sandbox(path, numbers=options["numbers"])
        except (NotASandbox, ValueError) as refused:
            raise CommandError(str(refused)) from None
        server = SandboxServer(sandbox, options["port"])

        def stop(*_: object) -> None:
            Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write(json.dumps({"url": server.url, **asdict(sandbox.credentials)}))
        sys.stdout.flush()
        try:
            server.serve_forever(poll_interval=0.1)
        finally:
            server.server_close()
            sandbox.close()
