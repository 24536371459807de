"""What happened to the rows of jobs, written down by Postgres itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product

from django.db import connection

from queues.states import FINISHED, TRANSITIONS

BEGIN = """
CREATE TABLE journal (
    place bigserial PRIMARY KEY, job_id bigint, source text, target text, token bigint);
CREATE FUNCTION write_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journal (job_id, source, target, token)
    VALUES (NEW.id, OLD.state, NEW.state, NEW.token);
    RETURN NULL;
END $$;
CREATE TRIGGER write_journal AFTER UPDATE OF state ON queues_job
FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION write_journal();
"""
END = """
DROP TRIGGER IF EXISTS write_journal ON queues_job;
DROP FUNCTION IF EXISTS write_journal;
DROP TABLE IF EXISTS journal;
"""
LEGAL = {pair for sources, targets in TRANSITIONS.values() for pair in product(sources, targets)}


class Journal:
    """Every move of every job inside a `with` block, whoever made it."""

    def __enter__(self):
        self._run(END + BEGIN)
        return self

    def __exit__(self, *error):
        self._run(END)

    def _run(self, statements):
        with connection.cursor() as cursor:
            cursor.execute(statements)

    def moves(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT job_id, source, target, token FROM journal ORDER BY place")
            return cursor.fetchall()

    def check(self, ids):
        """Each job ended once, by legal moves alone, and no two of its claims had one token."""
        moves, tokens = self.moves(), defaultdict(list)
        assert {(source, target) for _, source, target, _ in moves} <= LEGAL
        ended = Counter(job_id for job_id, _, target, _ in moves if target in FINISHED)
        assert ended == Counter(dict.fromkeys(ids, 1))
        for job_id, _, target, token in moves:
            if target == "active":
                tokens[job_id].append(token)
        for seen in tokens.values():
            assert seen == sorted(set(seen))
