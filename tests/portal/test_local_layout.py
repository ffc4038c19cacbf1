import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from portal.local.layout import Layout


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    layout = Layout(tmp_path)
    secret = layout.secret("SECRET_KEY")
    path = tmp_path / "secrets" / "secret_key"
    assert len(secret) >= 43
    assert layout.secret("SECRET_KEY") == secret == path.read_text().strip()
    assert layout.secret("FIELD_ENCRYPTION_KEYS") != secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_racing_readers_of_a_new_secret_agree(tmp_path):
    layout = Layout(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(layout.secret, ["SECRET_KEY"] * 64))
    assert len(secrets) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["secret_key"]


@pytest.mark.parametrize("name", ["x" * 120, "a folder, 100% good", 'quo"ted', "ünïcode"])
def test_sockets_move_to_the_temporary_folder_when_the_path_is_too_long_or_needs_quoting(name):
    layout = Layout(Path("/srv") / name)
    assert layout.socket_dir.parent != layout.data_dir
    assert layout.socket_dir == Layout(Path("/srv") / name).socket_dir
    assert layout.socket_dir != Layout(Path("/srv") / f"{name}2").socket_dir
    longest = 103 if sys.platform == "darwin" else 107
    assert len(str(layout.socket_dir / ".s.PGSQL.5432.lock")) <= longest


def test_sockets_stay_in_the_data_folder_otherwise():
    assert Layout(Path("/srv/numberdesk/.data")).socket_dir == Path("/srv/numberdesk/.data/run")


def test_the_database_url_does_not_depend_on_pgport(monkeypatch):
    monkeypatch.setenv("PGPORT", "6543")
    assert conninfo_to_dict(Layout(Path("/srv/nd"), database="some").database_url) == {
        "user": "postgres",
        "dbname": "some",
        "host": "/srv/nd/run",
        "port": "5432",
    }


def test_demo_and_installation_share_neither_database_nor_queue_nor_cache():
    demo = Layout(Path("/srv/nd"), database="numberdesk_demo")
    installation = Layout(Path("/srv/nd"), database="numberdesk")
    urls = {
        url
        for layout in (demo, installation)
        for url in (layout.database_url, layout.broker_url, layout.cache_url)
    }
    assert len(urls) == 6
    databases = [url.rpartition("=")[2] for url in urls if "valkey" in url]
    assert sorted(databases) == ["0", "1", "2", "3"]


def test_the_database_is_the_one_named_in_the_environment(monkeypatch):
    monkeypatch.setenv("LOCAL_DATABASE", "numberdesk_demo")
    assert Layout(Path("/srv/nd")).database == "numberdesk_demo"
