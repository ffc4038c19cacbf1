import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from portal.local import postgres as module
from portal.local.layout import Layout
from portal.local.postgres import Postgres
from portal.local.server import CannotStart

pytestmark = pytest.mark.services

PROJECT = Path(__file__).resolve().parents[2]

# Starts the server, says whether it met a running one, and waits for the end of its input.
STARTER = """
import sys
from pathlib import Path
from portal.local.layout import Layout
from portal.local.postgres import Postgres
server = Postgres(Layout(Path(sys.argv[1]), database="numberdesk"), fast=True)
server.start()
print("found" if server.found else "started", flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def cluster():
    """A folder with a cluster in it: making one is the slow part of a start."""
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    server = Postgres(Layout(folder, database="numberdesk"), fast=True)
    server.start()
    server.stop()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def layout(cluster):
    layout = Layout(cluster, database="numberdesk")
    yield layout
    left = Postgres(layout, adopt=True)
    left.found = True
    left.stop()


def query(layout, statement):
    with psycopg.connect(layout.database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def starter(folder, *prefix, python=sys.executable, **options):
    return subprocess.Popen(
        [*prefix, python, "-c", STARTER, str(folder)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_second_start_shares_the_server_and_its_stop_leaves_it_alone(layout):
    first, second = Postgres(layout, fast=True), Postgres(layout, fast=True)
    first.start()
    second.start()
    assert (first.found, second.found) == (False, True)
    second.stop()
    assert query(layout, "SELECT 1") == [(1,)]
    first.stop()
    assert not first.running()
    assert first.exit_code == 0
    with pytest.raises(psycopg.OperationalError):
        query(layout, "SELECT 1")


def test_it_listens_on_its_socket_only_and_keeps_time_in_utc(layout):
    server = Postgres(layout)
    server.start()
    assert query(layout, "SHOW listen_addresses") == [("",)]
    assert query(layout, "SHOW timezone") == [("UTC",)]
    assert query(layout, "SHOW fsync") == [("on",)]
    assert layout.socket_dir.stat().st_mode & 0o777 == 0o700
    server.stop()


def test_three_starters_at_once_start_one_server_and_it_outlives_the_kill_of_its_starter(layout):
    starters = [starter(layout.data_dir) for _ in range(3)]
    said = [process.stdout.readline().strip() for process in starters]
    assert sorted(said) == ["found", "found", "started"]
    for process, word in zip(starters, said, strict=True):
        if word == "started":
            process.kill()
        process.communicate()

    successor = Postgres(layout, adopt=True)
    successor.start()
    assert successor.found
    assert query(layout, "SELECT 1") == [(1,)]
    successor.stop()
    assert not successor.running()


def test_it_recovers_after_the_kill_of_the_postmaster_and_keeps_the_data(layout):
    server = Postgres(layout)
    server.start()
    query(layout, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(server._running_pid(), signal.SIGKILL)
    server.start()
    assert query(layout, "SELECT answer FROM kept") == [(42,)]
    query(layout, "DROP TABLE kept")
    server.stop()


def test_it_works_below_a_long_path_with_odd_characters(tmp_path):
    folder = tmp_path / ("deep " * 20) / 'odd, "names" at 100%'
    layout = Layout(folder, database="numberdesk")
    server = Postgres(layout, fast=True)
    # A kill during initdb leaves a draft behind; it is not taken for a cluster.
    draft = folder / "postgres" / f"pg{server.major}.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    server.start()
    assert query(layout, "SELECT current_database()") == [("numberdesk",)]
    server.stop()
    assert not draft.exists()
    shutil.rmtree(layout.socket_dir)


def test_a_failing_start_shows_the_end_of_the_log(layout, monkeypatch):
    monkeypatch.setattr(module, "_RELAUNCH_SECONDS", 0.1)
    server = Postgres(layout, fast=True)
    configuration = server.data / "postgresql.auto.conf"
    before = configuration.read_text()
    configuration.write_text("no_such_setting = on\n")
    with pytest.raises(CannotStart, match="no_such_setting"):
        server.start()
    configuration.write_text(before)
    assert not server.running()


def test_other_major_versions_keep_their_own_folder(layout):
    (layout.postgres_dir / "pg12").mkdir()
    assert Postgres(layout).other_majors() == ["pg12"]
    (layout.postgres_dir / "pg12").rmdir()


def test_it_says_what_to_do_when_pg_bin_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(CannotStart, match=r"PG_BIN is .* no initdb"):
        Postgres(Layout(tmp_path))


def test_it_refuses_a_socket_folder_that_is_a_link(tmp_path):
    layout = Layout(tmp_path / ("x" * 90), database="numberdesk")
    layout.socket_dir.symlink_to(tmp_path)
    try:
        with pytest.raises(CannotStart, match="belongs to somebody else"):
            Postgres(layout, fast=True).start()
    finally:
        layout.socket_dir.unlink()


@pytest.fixture
def open_folder():
    """A folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs somebody else to run Postgres as")
def test_as_root_without_user_namespaces_it_runs_as_nobody(open_folder, monkeypatch, tmp_path):
    layout = Layout(open_folder, database="numberdesk")
    monkeypatch.setenv("PATH", str(tmp_path))  # no unshare there
    module._identity.cache_clear()
    server = Postgres(layout, fast=True)
    try:
        server.start()
    except CannotStart as problem:
        pytest.skip(str(problem))
    finally:
        module._identity.cache_clear()
    assert query(layout, "SELECT 1") == [(1,)]
    owner = Path(f"/proc/{server._running_pid()}").stat().st_uid if Path("/proc").exists() else None
    assert owner in {None, pwd.getpwnam("nobody").pw_uid}
    server.stop()

    # The same folder, once namespaces are to be had again.
    monkeypatch.undo()
    server.start()
    assert query(layout, "SELECT 1") == [(1,)]
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests have just run as an ordinary user")
def test_as_an_ordinary_user_it_needs_no_privileges(open_folder):
    setpriv = shutil.which("setpriv")
    if not setpriv:
        pytest.skip("setpriv is not installed")
    nobody = pwd.getpwnam("nobody")
    os.chown(open_folder, nobody.pw_uid, nobody.pw_gid)
    become = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    # The interpreter of the virtual environment may live in root's closed home; the system's may do.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path])}
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, system):
        trial = [*become, python, "-c", "import portal.local.postgres"]
        try:
            works = not subprocess.run(trial, env=environment, cwd=PROJECT, capture_output=True).returncode
        except OSError:
            works = False
        if works:
            break
    else:
        pytest.skip("no interpreter that an ordinary user may run")

    process = starter(open_folder, *become, python=python, env=environment)
    assert process.stdout.readline().strip() == "started"
    pid = Postgres(Layout(open_folder, database="numberdesk"))._running_pid()
    assert (open_folder / "postgres").stat().st_uid == nobody.pw_uid
    process.communicate(timeout=20)
    assert process.returncode == 0
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
