import os
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest
import redis

from portal.local import valkey as module
from portal.local.layout import Layout
from portal.local.server import CannotStart
from portal.local.valkey import Valkey

pytestmark = pytest.mark.services


@pytest.fixture
def layout():
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    layout = Layout(folder, database="numberdesk")
    yield layout
    left = Valkey(layout, adopt=True)
    left.found = True
    left.stop()
    shutil.rmtree(folder)


def client(layout):
    return redis.Redis.from_url(layout.cache_url, decode_responses=True)


def test_a_second_start_shares_the_server_and_its_stop_leaves_it_alone(layout):
    first, second = Valkey(layout), Valkey(layout)
    first.start()
    second.start()
    assert (first.found, second.found) == (False, True)
    assert first._running_pid() == second._running_pid()
    second.stop()
    assert first.answers()
    first.stop()
    assert not first.answers()


def test_it_keeps_what_was_queued_and_never_evicts(layout):
    server = Valkey(layout)
    server.start()
    connection = client(layout)
    assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert connection.config_get("port") == {"port": "0"}
    connection.rpush("queue", "task")
    server.stop()
    server.start()
    assert client(layout).lrange("queue", 0, -1) == ["task"]
    os.kill(server._running_pid(), signal.SIGKILL)
    server.start()
    assert client(layout).lrange("queue", 0, -1) == ["task"]
    server.stop()


def test_no_second_server_starts_even_when_the_socket_of_the_first_is_gone(layout, monkeypatch):
    monkeypatch.setattr(module, "_START_SECONDS", 0.2)
    first, second = Valkey(layout), Valkey(layout)
    first.start()
    hidden = layout.valkey_socket.rename(layout.socket_dir / "hidden.sock")
    with pytest.raises(CannotStart, match="has not become ready"):
        second.start()
    assert second._process is None
    assert first.running()
    hidden.rename(layout.valkey_socket)
    assert first.answers()
    first.stop()


def test_it_does_not_take_a_socket_over_on_which_somebody_else_listens(layout, monkeypatch):
    monkeypatch.setattr(module, "_START_SECONDS", 0.2)
    layout.socket_dir.mkdir(mode=0o700, parents=True)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(layout.valkey_socket))
        stranger.listen()
        monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.05)
        server = Valkey(layout)
        with pytest.raises(CannotStart, match="has not become ready"):
            server.start()
        assert server._process is None


def test_a_server_left_behind_is_reused_and_stopped_by_its_new_owner(layout):
    Valkey(layout).start()
    successor = Valkey(layout, adopt=True)
    successor.start()
    assert successor.found
    successor.stop()
    assert not successor.answers()


def test_the_fast_mode_for_tests_keeps_nothing(layout):
    server = Valkey(layout, fast=True)
    server.start()
    connection = client(layout)
    assert connection.config_get("appendonly") == {"appendonly": "no"}
    connection.set("left", "over")
    server.forget_everything()
    assert connection.dbsize() == 0
    server.stop()
    assert not list(layout.valkey_dir.glob("*.rdb"))


def test_a_failing_start_shows_the_end_of_the_log(layout):
    server = Valkey(layout)
    (layout.valkey_dir / "appendonlydir").mkdir(parents=True)
    (layout.valkey_dir / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(CannotStart, match=r"does not start[\s\S]*manifest"):
        server.start()
