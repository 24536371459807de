"""Running claimed jobs: call the handler, and settle and report what it did."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from django.db import DatabaseError

from queues import registry
from queues.atomic import perform_atomic
from queues.calling import call
from queues.claims import claim_ids
from queues.conf import KEEP_SOME, get_queues
from queues.database import AWAY, array, fetch, is_contended, persist
from queues.database import execute as execute_sql
from queues.endings import Crashed, Ending, Gone, Waits
from queues.happenings import note, note_claims
from queues.heartbeat import Heartbeat
from queues.logs import current_claim
from queues.parking import park
from queues.process import call_in_process
from queues.recorder import AttemptRecorder, flush_last
from queues.reporting import report
from queues.settle import settle
from queues.settlement import Settlement, Troubled, Verdict, settlement_of
from queues.statements.claiming import QUEUE_OF
from queues.statements.maintaining import REMOVE_FINISHED
from queues.statements.settling import UNCOUNT
from queues.states import State
from queues.trouble import WORKER_LOST
from queues.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from queues.claims import Claim
    from queues.registry import Spec

log = logging.getLogger(__name__)


class Performed(NamedTuple):
    """A handler's run: how it ended, and the verdict if that is settled already.

    `is_bare` says that no row belongs to the job but its own.
    """

    claim: Claim
    ending: Ending
    verdict: Verdict | None
    seconds: float
    is_bare: bool = False


def run(job_id: int) -> str:
    """Run one waiting job by itself: what RQ calls, so that a stock `rq` worker can help out.

    The id is all that is taken from Redis. Returns the verdict; an id that does not wait is LOST.
    """
    queues = dict.fromkeys(get_queues(), 1)
    with Heartbeat(f"rq-{uuid4().hex}", queues) as lease:
        claims = claim_ids(lease.worker_id, [job_id], queues)
        if not claims and (found := fetch(QUEUE_OF, {"id": job_id})):
            # Where limits and turns decide, it may be another job of the queue.
            claims = Turns().claim(lease.worker_id, {found[0][0]: 1})
        return execute(claims[0], AttemptRecorder(claims[0])) if claims else Verdict.LOST


def execute(claim: Claim, recorder: AttemptRecorder) -> Verdict:
    """Perform a claim and conclude it at once."""
    return conclude([perform(claim, recorder)])[0]


def perform(claim: Claim, recorder: AttemptRecorder) -> Performed:
    """Run the handler of a claim. Never raises for what a handler does.

    Must not be called within a transaction. An atomic handler is settled with its effects; what
    other handlers ended with is for `conclude` to write.
    """
    started = time.monotonic()
    token = current_claim.set(claim)
    try:
        spec = registry.get(claim.kind)
        ending, verdict = _perform(spec, claim, recorder)
        if isinstance(ending, Waits):
            ending, verdict = persist(partial(park, claim, ending))
        is_apart = spec.run_in == "process" or claim.is_suspect
        is_bare = claim.token == 1 and not is_apart and not recorder.has_written
        return Performed(claim, ending, verdict, time.monotonic() - started, is_bare)
    except AWAY:
        log.exception("Job %s could not be run to its end: no database", claim.id)
        return Performed(claim, Gone(), Verdict.LOST, time.monotonic() - started)
    finally:
        recorder.is_over = True
        current_claim.reset(token)


def conclude(performed: Sequence[Performed], *, for_ever: bool = False) -> list[Verdict]:
    """Settle what handlers ended with, in one go, and report it. Returns a verdict for each.

    Tries again while the database is away, for 16 s or `for_ever`. If it stays away, nothing is
    known, and LOST is returned: the jobs' own deadlines, or their worker's lease, bring them back.
    Raises DatabaseError for what Postgres refuses or somebody has locked; then none of it was
    written.
    """
    settlements = [_settlement_of(one) for one in performed]
    wanted = [one for one in settlements if one is not None]
    try:
        verdicts = persist(lambda: settle(wanted), for_ever=for_ever) if wanted else []
    except AWAY as error:
        if is_contended(error):
            raise
        log.exception("%s jobs could not be settled: no database", len(wanted))
        verdicts = [Verdict.LOST] * len(wanted)
    settled = iter(verdicts)
    results = [
        next(settled) if settlement else one.verdict or Verdict.LOST
        for one, settlement in zip(performed, settlements, strict=True)
    ]
    for one, verdict in zip(performed, results, strict=True):
        if not (one.is_bare and one.verdict is None and verdict is Verdict.COMPLETED):
            _remove_at_once(one.claim, verdict)
        report(one.claim, verdict, one.ending, one.seconds)
    _note(performed, settlements, results)
    _uncount(
        one.claim
        for one, verdict in zip(performed, results, strict=True)
        if verdict is Verdict.LOST and not isinstance(one.ending, Crashed)
    )
    return results


def _uncount(claims: Iterable[Claim]) -> None:
    """Take back the crashes of jobs that were rescued although this worker lives."""
    lost = [(claim.id, claim.token) for claim in claims]
    if not lost:
        return
    ids, tokens = zip(*lost, strict=True)
    try:
        execute_sql(
            UNCOUNT,
            {"ids": array(ids), "tokens": array(tokens), "error_class": WORKER_LOST.error_class},
        )
    except DatabaseError:
        log.exception("The crashes of %s jobs could not be taken back", len(lost))


def _note(
    performed: Sequence[Performed],
    settlements: Sequence[Settlement | None],
    verdicts: Sequence[Verdict],
) -> None:
    """Let those who look on know where the jobs went."""
    troubled, completed = [], []
    for one, settlement, verdict in zip(performed, settlements, verdicts, strict=True):
        if isinstance(settlement, Troubled) and verdict is not Verdict.LOST:
            troubled.append((settlement.state, one.claim.queue, one.claim.id))
        elif verdict is not Verdict.LOST:
            completed.append(one.claim)
    note_claims(State.COMPLETED.value, completed)
    note(troubled)


def _settlement_of(one: Performed) -> Settlement | None:
    """Return what is still to be settled of a run."""
    if one.verdict is not None:
        return None
    return settlement_of(one.claim, one.ending, is_bare=one.is_bare)


def _perform(spec: Spec, claim: Claim, recorder: AttemptRecorder) -> tuple[Ending, Verdict | None]:
    """Return how the handler ended, and the verdict if that is settled already."""
    if spec.run_in == "process" or claim.is_suspect:
        return call_in_process(spec, claim, recorder)
    if spec.atomic:
        return perform_atomic(spec, claim, recorder)
    ending = call(spec, claim, recorder)
    flush_last(claim, recorder)
    return ending, None


def _remove_at_once(claim: Claim, verdict: Verdict) -> None:
    """Delete a finished job of which none shall stay; at the latest, pruning does."""
    conf = get_queues()[claim.queue]
    keeps = {
        Verdict.COMPLETED: (claim.keep_completed, conf.keep_completed),
        Verdict.FAILED: (claim.keep_failed, conf.keep_failed),
    }
    own, usual = keeps.get(verdict, (None, KEEP_SOME))
    if (usual.count if own is None else own) != 0:
        return
    try:
        fetch(REMOVE_FINISHED, {"id": claim.id, "state": verdict.value})
    except DatabaseError:
        log.exception("Job %s could not be removed at once", claim.id)
