# ruff: noqa: PT012 (how the supervisor is left, and what it does on the way out, is what is tested)

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from portal.local.server import CannotStart
from portal.local.supervisor import Console, Program, StopAsked, Supervisor, end_leftover

PROJECT = Path(__file__).resolve().parents[2]

# A child that writes down when it starts and when it is asked to stop.
POLITE = """
import signal, sys, time
journal, name = sys.argv[1:3]
def note(what):
    with open(journal, "a") as file:
        file.write(f"{what} {name}\\n")
def leave(*_):
    note("-")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("+")
print(f"this is {name}", flush=True)
time.sleep(60)
"""

# A child that does not listen, with a child of its own that does not listen either.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=sys.stdout)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def output():
    return io.StringIO()


@pytest.fixture
def console(output):
    return Console(output)


@pytest.fixture
def supervisor(console):
    return Supervisor(console, backoff=0.01)


def program(console, name, code, *arguments, **options):
    command = (sys.executable, "-c", code, *map(str, arguments))
    return Program(name=name, command=command, env=dict(os.environ), console=console, **options)


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(") ")[2].startswith("Z"))


def signal_when(condition, number=signal.SIGTERM):
    def send():
        wait_for(condition)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_in_the_reverse_order_of_the_start(supervisor, console, output, tmp_path, number):
    journal = tmp_path / "journal"
    journal.touch()
    with pytest.raises(StopAsked), supervisor:
        for name in ("database", "web", "beat"):
            supervisor.start(program(console, name, POLITE, journal, name))
            supervisor.wait_until(
                lambda name=name: f"+ {name}" in journal.read_text(), seconds=10, otherwise="no"
            )
        thread = signal_when(lambda: output.getvalue().count("this is") == 3, number)
        supervisor.watch()
    thread.join()
    assert journal.read_text().split("\n") == [
        *("+ database", "+ web", "+ beat"),
        *("- beat", "- web", "- database", ""),
    ]


def test_every_line_carries_the_name_of_its_process(supervisor, console, output):
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.stdout.write('three')"
    assert supervisor.command(program(console, "web", code)) == 0
    assert sorted(output.getvalue().splitlines()) == ["web      | one", "web      | three", "web      | two"]


def test_colours_are_for_terminals_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    Console(terminal).line("web", "hello")
    assert terminal.getvalue() == "\033[36mweb      |\033[0m hello\n"
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Console(plain).line("web", "hello")
    assert plain.getvalue() == "web      | hello\n"


def test_a_line_that_is_taken_stays_off_the_console(supervisor, console, output):
    taken = []

    def take(line):
        taken.append(line)
        return line.startswith("{")

    supervisor.command(program(console, "sandbox", "print('{secret}'); print('hello')", take=take))
    assert taken == ["{secret}", "hello"]
    assert output.getvalue() == "sandbox  | hello\n"


def test_a_process_that_dies_is_started_again(supervisor, console, output, tmp_path):
    # It fails the first time and stays the second time.
    code = """
import sys, time
from pathlib import Path
marker = Path(sys.argv[1])
if not marker.exists():
    marker.touch()
    sys.exit(7)
print("back again", flush=True)
time.sleep(60)
"""
    with pytest.raises(StopAsked), supervisor:
        supervisor.start(program(console, "worker", code, tmp_path / "marker"))
        thread = signal_when(lambda: "back again" in output.getvalue())
        supervisor.watch()
    thread.join()
    assert (
        "worker ended unexpectedly with exit code 7; starting it again in 0.01 s (1 of 3)"
        in output.getvalue()
    )


def test_a_process_that_does_not_stay_up_ends_everything(supervisor, console, output, tmp_path):
    (tmp_path / "journal").touch()
    with pytest.raises(CannotStart, match="worker ended unexpectedly with exit code 3"), supervisor:
        supervisor.start(program(console, "web", POLITE, tmp_path / "journal", "web"))
        wait_for(lambda: "this is web" in output.getvalue())
        supervisor.start(program(console, "worker", "raise SystemExit(3)"))
        supervisor.watch()
    assert output.getvalue().count("starting it again") == 3
    assert (tmp_path / "journal").read_text() == "+ web\n- web\n"


def test_it_says_which_signal_killed_a_process(supervisor, console, output):
    supervisor.restarts = 0
    with pytest.raises(CannotStart, match="web ended unexpectedly, killed by SIGKILL"), supervisor:
        supervisor.start(program(console, "web", "import os; os.kill(os.getpid(), 9)"))
        supervisor.watch()


def test_a_process_that_does_not_listen_is_killed_with_all_its_children(supervisor, console, output):
    with supervisor:
        supervisor.start(program(console, "web", STUBBORN, patience=0.1))
        wait_for(output.getvalue)
        grandchild = int(output.getvalue().split()[-1])
    wait_for(lambda: not alive(grandchild))
    assert "web stopped" in output.getvalue()


def test_a_second_ctrl_c_does_not_wait(supervisor, console, output):
    began = time.monotonic()
    with pytest.raises(StopAsked), supervisor:
        supervisor.start(program(console, "web", STUBBORN, patience=60))
        first = signal_when(output.getvalue, signal.SIGINT)
        try:
            supervisor.watch()
        finally:
            second_at = time.monotonic() + 1.1
            second = signal_when(lambda: time.monotonic() > second_at, signal.SIGINT)
    first.join()
    second.join()
    assert time.monotonic() - began < 10
    grandchild = int(output.getvalue().split("\n")[0].split()[-1])
    wait_for(lambda: not alive(grandchild))


def test_the_terminal_and_make_sending_the_same_ctrl_c_is_one_wish(supervisor, console, output, tmp_path):
    (tmp_path / "journal").touch()
    with pytest.raises(StopAsked), supervisor:
        supervisor.start(program(console, "web", POLITE, tmp_path / "journal", "web"))
        wait_for(lambda: "this is web" in output.getvalue())
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.watch()
    assert "- web" in (tmp_path / "journal").read_text()


def test_a_start_that_fails_half_way_leaves_nothing_behind(supervisor, console, output, tmp_path):
    (tmp_path / "journal").touch()
    with pytest.raises(CannotStart, match="worker does not start"), supervisor:
        supervisor.start(program(console, "web", POLITE, tmp_path / "journal", "web"))
        wait_for(lambda: "this is web" in output.getvalue())
        supervisor.start(Program(name="worker", command=[str(tmp_path / "missing")], env={}, console=console))
    assert (tmp_path / "journal").read_text() == "+ web\n- web\n"


def test_a_command_under_way_is_stopped_too(supervisor, console, output, tmp_path):
    (tmp_path / "journal").touch()
    with pytest.raises(StopAsked), supervisor:
        thread = signal_when(lambda: "this is migrate" in output.getvalue())
        supervisor.command(program(console, "migrate", POLITE, tmp_path / "journal", "migrate"))
    thread.join()
    assert (tmp_path / "journal").read_text() == "+ migrate\n- migrate\n"


def test_the_handlers_of_signals_are_put_back(supervisor):
    before = signal.getsignal(signal.SIGTERM)
    with supervisor:
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_a_killed_supervisor_leaves_behind_is_found_and_stopped(tmp_path):
    lock, journal = tmp_path / "web.lock", tmp_path / "journal"
    journal.touch()
    code = f"""
import os, sys, time
from pathlib import Path
from portal.local.supervisor import Program, standard_console
command = (sys.executable, "-c", {POLITE!r}, {str(journal)!r}, "web")
Program(name="web", command=command, env=dict(os.environ), console=standard_console(),
        lock=Path({str(lock)!r})).start(lambda: None)
time.sleep(60)
"""
    killed = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert killed.stdout.readline() == "web      | this is web\n"
    killed.kill()
    killed.communicate()

    assert end_leftover(lock, patience=5)
    assert journal.read_text() == "+ web\n- web\n"
    assert not end_leftover(lock, patience=5)
