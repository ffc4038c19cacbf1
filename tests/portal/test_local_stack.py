import io
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from portal.local import locks
from portal.local.server import CannotStart
from portal.local.stack import Options, check_port, run
from portal.local.supervisor import Console

CREDENTIALS = {
    "account_sid": "AC" + "1" * 32,
    "auth_token": "token-of-the-sandbox",
    "api_key": "SK" + "2" * 32,
    "api_secret": "secret-of-the-sandbox",
}

# A project whose commands write down what they are asked, and whose Celery and gunicorn only pretend.
MANAGE = f"""
import json, os, sys, time
names = [name for name in os.environ if name.startswith("TWILIO_") or name in
         ("LOCAL", "DEMO", "DATA_DIR", "LOCAL_DATABASE", "PUBLIC_URL", "PYTHONDONTWRITEBYTECODE")]
with open("journal", "a") as journal:
    print(json.dumps([sys.argv[1:], {{name: os.environ[name] for name in names}}]), file=journal)
if sys.argv[1] == "sandbox":
    print(json.dumps({CREDENTIALS!r} | {{"url": "http://127.0.0.1:" + sys.argv[3]}}), flush=True)
    print("the sandbox listens", flush=True)
    time.sleep(60)
if os.path.exists(sys.argv[1] + ".fails"):
    print("no route to Twilio", flush=True)
    sys.exit(1)
"""
GUNICORN = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
host, port = sys.argv[sys.argv.index("--bind") + 1].split(":")
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""
CELERY = "import time; time.sleep(60)"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def folder():
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def environ(folder):
    return {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(folder / "data"),
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def project(folder):
    project = folder / "project"
    for package, code in {"gunicorn": GUNICORN, "celery": CELERY}.items():
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").touch()
        (project / package / "__main__.py").write_text(code)
    (project / "manage.py").write_text(MANAGE)
    (project / "journal").touch()
    return project


def run_until(environ, project, text, number=signal.SIGINT):
    """Run until `text` appears, then send the signal; the exit code and everything that was printed."""
    output = io.StringIO()
    over = threading.Event()

    def stop():
        while not over.wait(0.02):
            if text in output.getvalue():
                os.kill(os.getpid(), number)
                return

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        code = run(replace(Options.read(environ), project=project), Console(output))
    finally:
        over.set()
        thread.join()
    return code, output.getvalue()


def journal(project):
    return [json.loads(line) for line in (project / "journal").read_text().splitlines()]


def stopped(output):
    lines = [line for line in output.splitlines() if line.startswith("run ") and " stopped (" in line]
    return [line.split("| ")[1].split()[0] for line in lines]


@pytest.mark.services
def test_the_demo_starts_in_order_and_stops_in_the_reverse_order(environ, project):
    code, output = run_until(environ, project, "numberdesk-demo")
    assert code == 0, output
    asked = [command[0] for command, _ in journal(project)]
    assert sorted(asked[:3]) == ["collectstatic", "migrate", "sandbox"]
    assert asked[3:] == ["setup_demo", "sync_twilio"]
    assert stopped(output) == ["beat", "worker", "web", "sandbox", "valkey", "postgres"]

    url = f"http://127.0.0.1:{environ['PORT']}"
    lines = output.splitlines()
    assert lines.count(f"ready: {url}") == 1
    assert output.count("ready:") == 1
    assert f"http://127.0.0.1:{environ['SANDBOX_PORT']}" in output
    for role in ("viewer", "support", "compliance", "porting", "manager", "admin"):
        assert f"{role}@example.com" in output
    assert "sandbox  | the sandbox listens" in lines

    for command, given in journal(project):
        assert given["DEMO"] == given["LOCAL"] == "1"
        assert given["LOCAL_DATABASE"] == "numberdesk_demo"
        assert given["PUBLIC_URL"] == url
        assert given["TWILIO_BASE_URL"] == f"http://127.0.0.1:{environ['SANDBOX_PORT']}"
        assert "PYTHONDONTWRITEBYTECODE" not in given
        # Credentials reach the command that stores them, and no other process and no line of output.
        assert ("TWILIO_AUTH_TOKEN" in given) == (command[0] == "setup_demo")
    (setup,) = [given for command, given in journal(project) if command == ["setup_demo"]]
    for name, value in CREDENTIALS.items():
        assert setup[f"TWILIO_{name.upper()}"] == value
    assert CREDENTIALS["auth_token"] not in output
    assert CREDENTIALS["api_secret"] not in output


@pytest.mark.services
def test_with_an_account_there_is_no_sandbox_and_an_unreachable_twilio_does_not_stop_it(environ, project):
    (project / "sync_twilio.fails").touch()
    environ |= {"TWILIO_ACCOUNT_SID": "AC" + "3" * 32, "TWILIO_AUTH_TOKEN": "real"}
    code, output = run_until(environ, project, "ready:", signal.SIGTERM)
    assert code == 0, output
    asked = [command[0] for command, _ in journal(project)]
    assert asked == ["collectstatic", "migrate", "connect_account", "sync_twilio"]
    assert "sync     | no route to Twilio" in output
    assert "the first sync failed" in output
    assert "numberdesk-demo" not in output
    for command, given in journal(project):
        assert given["DEMO"] == "0"
        assert given["LOCAL_DATABASE"] == "numberdesk"
        assert "TWILIO_BASE_URL" not in given
        assert ("TWILIO_AUTH_TOKEN" in given) == (command[0] == "connect_account")


@pytest.mark.services
def test_services_that_are_given_are_not_started(environ, project):
    (project / "migrate.fails").touch()
    environ |= {
        "DATABASE_URL": "postgresql://elsewhere/nd",
        "BROKER_URL": "amqp://x",
        "CACHE_URL": "redis://x",
    }
    code, output = run_until(environ, project, "never said")
    assert code == 1
    assert stopped(output) == ["sandbox"]
    assert not (Path(environ["DATA_DIR"]) / "postgres").exists()
    assert not (Path(environ["DATA_DIR"]) / "valkey").exists()


@pytest.mark.services
def test_a_failing_migration_stops_everything_with_exit_code_1(environ, project):
    (project / "migrate.fails").touch()
    code, output = run_until(environ, project, "never said")
    assert code == 1
    assert "migrate failed with exit code 1" in output
    assert stopped(output) == ["sandbox", "valkey", "postgres"]
    assert "ready:" not in output


def test_a_second_run_on_the_same_folder_is_refused(environ, project):
    run_dir = Path(environ["DATA_DIR"]) / "run"
    run_dir.mkdir(parents=True)
    held = locks.take(run_dir / "run.lock")
    locks.note(held, 4321)
    with pytest.raises(CannotStart, match=r"already runs on .* \(process 4321\)"):
        run(replace(Options.read(environ), project=project), Console(io.StringIO()))
    os.close(held)
    assert journal(project) == []


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_a_busy_port_is_one_sentence_before_anything_starts(environ, project, variable):
    output = io.StringIO()
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", int(environ[variable])))
        busy.listen()
        with pytest.raises(
            CannotStart, match=rf"^Port {environ[variable]} is in use\..*{variable}=\d+"
        ) as refusal:
            run(replace(Options.read(environ), project=project), Console(output))
    assert "\n" not in str(refusal.value)
    assert output.getvalue() == ""
    assert journal(project) == []


def test_a_port_that_was_just_used_is_free():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        listener.accept()[0].close()  # the server's side closes first: its port lingers in TIME_WAIT
        client.close()
    check_port(port, "PORT")


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1", "8000 "])
def test_a_port_that_is_none_is_refused(environ, value):
    with pytest.raises(CannotStart, match="PORT must be a port number"):
        Options.read(environ | {"PORT": value})


def test_demo_can_be_chosen_or_declined():
    account = {"TWILIO_ACCOUNT_SID": "AC" + "3" * 32}
    assert Options.read({}).demo
    assert not Options.read(account).demo
    assert not Options.read({"TWILIO_ACCOUNT_SID_FILE": "/run/secrets/sid"}).demo
    assert not Options.read({"DEMO": "0"}).demo  # an account that was connected earlier
    assert Options.read(account | {"DEMO": "1"}).demo
    assert "TWILIO_ACCOUNT_SID" not in Options.read(account | {"DEMO": "1"}).child_environ()


def test_an_installation_may_have_a_public_url_of_its_own_and_the_demo_not():
    environ = {"PUBLIC_URL": "https://numbers.example.com", "PORT": "8123"}
    assert Options.read(environ).child_environ()["PUBLIC_URL"] == "http://127.0.0.1:8123"
    environ["DEMO"] = "0"
    assert Options.read(environ).child_environ()["PUBLIC_URL"] == "https://numbers.example.com"
