"""What dev.py promises. Starting everything is what `dev.py test` itself has just done."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys

import pytest

import dev
from tests.processes import ROOT, free_port
from tests.wait import until


def test_a_free_port_is_the_one_that_was_asked_for():
    wanted = free_port()
    assert dev.free_port(wanted) == wanted


def test_another_port_is_chosen_when_the_wanted_one_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]
        assert dev.free_port(wanted) != wanted


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path):
    made = dev.keep_secrets(tmp_path)
    assert dev.keep_secrets(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir()
    other = dev.keep_secrets(tmp_path / "other")
    assert not set(made.values()) & set(other.values())


def test_what_the_caller_sets_wins_and_an_empty_variable_is_as_good_as_none(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "mine")
    monkeypatch.setenv("TOKEN_KEYS", "")
    env = dev.environment(tmp_path, {"DATABASE_URL": "postgres://started"})
    assert env["SECRET_KEY"] == "mine"
    assert env["TOKEN_KEYS"] == dev.keep_secrets(tmp_path)["TOKEN_KEYS"]
    assert env["DATABASE_URL"] == "postgres://started"


def test_only_another_lock_or_another_python_asks_for_an_installation(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")
    first = dev.stamp(lock, "3.11.2")
    assert dev.stamp(lock, "3.11.2") == first
    assert dev.stamp(lock, "3.13.0") != first
    lock.write_text("a==2")
    assert dev.stamp(lock, "3.11.2") != first


def test_an_error_carries_the_end_of_what_the_command_said():
    with pytest.raises(dev.DevError, match=r"(?s)disk full.*pip failed"):
        dev.run([sys.executable, "-c", "import sys; sys.exit('disk full')"], "pip")
    with pytest.raises(dev.DevError, match="pip failed"):
        dev.run(["/no/such/program"], "pip")


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path):
    path = tmp_path / "server.pid"
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        command = [sys.executable, "-c", "input()"]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[file.fileno()])
    assert dev.is_held(path)
    server.kill()
    server.communicate()
    assert not dev.is_held(path)


@pytest.mark.acceptance
def test_servers_are_shared_and_the_last_to_leave_stops_them(tmp_path):
    script = (
        "import sys, dev, pathlib\n"
        "with dev.servers(pathlib.Path(sys.argv[1]), {}) as urls:\n"
        "    print(urls['REDIS_URL'], urls['DATABASE_URL'], file=sys.stderr, flush=True)\n"
        "    input()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    held = [tmp_path / "postgres.pid", tmp_path / "valkey.pid"]
    with (
        subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as first,
        subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as second,
    ):
        assert first.stderr.readline() == second.stderr.readline() != ""
        first.kill()
        first.wait()
        assert all(dev.is_held(path) for path in held)
        second.communicate("\n")
    until(lambda: not any(dev.is_held(path) for path in held), what="the servers to be gone")


@pytest.mark.parametrize(
    ("argv", "rest"),
    [(["test", "-k", "claims", "--help"], 3), (["manage", "shell", "--port", "1"], 3)],
)
def test_what_follows_test_and_manage_is_passed_on_untouched(argv, rest):
    assert dev.parse(argv).rest == argv[1:]
    assert len(dev.parse(argv).rest) == rest


@pytest.mark.parametrize("argv", [["up", "--port", "0"], ["up", "--port", "x"], ["fly"], []])
def test_a_wrong_command_line_is_explained(argv, capsys):
    with pytest.raises(SystemExit):
        dev.parse(argv)
    assert "error:" in capsys.readouterr().err


def test_an_audit_names_vulnerabilities_and_what_it_could_not_find_out():
    good = {"name": "a", "version": "1", "vulns": []}
    bad = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}
    skipped = {"name": "c", "skip_reason": "not found"}
    report = json.dumps({"dependencies": [good, bad]})
    assert dev.read_audit(report) == (["b 2: CVE-1", "b 2: CVE-2"], "")
    report = json.dumps({"dependencies": [good, skipped]})
    assert dev.read_audit(report) == ([], "nobody knows of c")
    assert dev.read_audit("") == ([], "the data about vulnerabilities is out of reach")


@pytest.mark.skipif(not os.path.exists("/usr/bin/python3"), reason="no system Python")  # noqa: PTH110
def test_it_needs_nothing_but_the_standard_library(tmp_path):
    shutil.copy(ROOT / "dev.py", tmp_path)
    command = ["/usr/bin/python3", "-I", "dev.py", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("up", "demo", "manage", "test", "check", "fuzz", "lock"):
        assert f"    {name} " in done.stdout
