"""Running a handler in a process of its own: killed at its deadline, and its death is its own.

Children come from a fork server that has loaded Django and never opens a connection, for a worker
full of threads must not be forked itself.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
import time
from dataclasses import replace
from functools import cache
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final

from queues import registry
from queues.atomic import perform_atomic
from queues.calling import call
from queues.endings import Ending, Gone, Raised, TimedOut, crash_of
from queues.recorder import AttemptRecorder, flush_last

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext
    from multiprocessing.process import BaseProcess

    from queues.claims import Claim
    from queues.registry import Spec
    from queues.settlement import Verdict

POLL_SECONDS: Final = 0.05
EXIT_SECONDS: Final = 1.0

# multiprocessing reaps the children of other threads whenever it starts one. Two threads that reap
# one child at once would leave its exit code unknown.
_reaping: Final = threading.Lock()


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["queues.preload"])
    return context


def call_in_process(
    spec: Spec, claim: Claim, recorder: AttemptRecorder
) -> tuple[Ending, Verdict | None]:
    """Run the handler in a child; return how it ended, and the verdict if that is settled already.

    A kind that runs in threads comes here too, without a limit on memory, when its job is a
    suspect: whose death it is shows best where nobody else can die. The child is killed when the
    job's timeout is over, or when the job was taken away. One that dies by itself (a segfault,
    `os._exit`, killed by the kernel) is Crashed; what is refused memory has failed its attempt.
    """
    deadline = time.monotonic() + claim.timeout
    receiver, sender = _context().Pipe(duplex=False)
    # Closes when this process dies, however that happens; then the child must not go on.
    lifeline, held = _context().Pipe(duplex=False)
    try:
        child = _start(sender, lifeline, claim, spec.memory_mb if spec.run_in == "process" else 0)
    except (OSError, EOFError) as error:
        return crash_of(claim, f"it did not begin ({type(error).__name__})"), None
    finally:
        sender.close()
        lifeline.close()
    try:
        return _await(receiver, child, claim, recorder, deadline)
    finally:
        _end(child, 0)
        receiver.close()
        held.close()


def _start(sender: Connection, lifeline: Connection, claim: Claim, memory_mb: int) -> BaseProcess:
    """Start a child, three times if need be: that its fork server dies is no fault of the job's."""
    tries_left = 3
    while True:
        tries_left -= 1
        child = _context().Process(
            target=_child, args=(sender, lifeline, claim, memory_mb), daemon=True
        )
        try:
            with _reaping:
                child.start()
        except (OSError, EOFError):
            if not tries_left:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return child


def _await(
    receiver: Connection,
    child: BaseProcess,
    claim: Claim,
    recorder: AttemptRecorder,
    deadline: float,
) -> tuple[Ending, Verdict | None]:
    while not receiver.poll(POLL_SECONDS):
        if recorder.is_cancelled:
            return Gone(), None
        if time.monotonic() > deadline:
            return TimedOut(), None
    try:
        ended: tuple[Ending, Verdict | None] = receiver.recv()
    except (EOFError, OSError):
        # OSError: it died in the midst of sending.
        return crash_of(claim, _how(_end(child, EXIT_SECONDS))), None
    return ended


def _end(child: BaseProcess, seconds: float) -> int | None:
    """Reap a child, which is killed if it goes on for so long; return its exit code."""
    if not wait([child.sentinel], seconds):
        child.kill()
        wait([child.sentinel])
    with _reaping:
        child.join()
    return child.exitcode


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by {signal.Signals(-exitcode).name}"
    return f"it exited with {exitcode}"


def _child(sender: Connection, lifeline: Connection, claim: Claim, memory_mb: int) -> None:
    # Ctrl-C is for the worker to deal with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_the_worker, args=(lifeline,), daemon=True).start()
    if memory_mb:
        most = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    ending, verdict = _perform(registry.get(claim.kind), claim)
    if isinstance(ending, Raised) and ending.trouble.error_class == "MemoryError":
        message = f"It needs more than {memory_mb} MB of memory."
        ending = replace(ending, trouble=replace(ending.trouble, message=message))
    sender.send((ending, verdict))


def _perform(spec: Spec, claim: Claim) -> tuple[Ending, Verdict | None]:
    recorder = AttemptRecorder(claim)
    if spec.atomic:
        return perform_atomic(spec, claim, recorder)
    ending = call(spec, claim, recorder)
    flush_last(claim, recorder)
    return ending, None


def _die_with_the_worker(lifeline: Connection) -> None:
    try:
        lifeline.recv()
    except EOFError:
        os._exit(1)
