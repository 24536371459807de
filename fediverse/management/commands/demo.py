"""`manage.py demo`: the main job from start to end, beside a running web server and worker.

`python3 dev.py demo` starts all it needs, with a sample instance, and then runs this.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from accounts.services.linking import LinkError, link_account
from fediverse.activities.models import Post
from fediverse.activities.payloads import FetchPosts
from fediverse.activities.sanitise import to_text
from queues.enqueue import enqueue
from queues.models import Job
from queues.states import FINISHED, State

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from accounts.models import LinkedAccount

PATIENCE_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.02
SHOWN_POSTS: Final = 8
CURLS: Final = ({"data": "Hello, World!"}, {"data": "Later, World!", "delay": 2000})


@dataclass
class Demo:
    """One run. `say` prints a line for people."""

    say: Any
    web: str

    def link(self, instance: str) -> LinkedAccount:
        """Link the sample instance's account to a local user."""
        user, _ = User.objects.get_or_create(username="demo")
        account = link_account(
            user,
            platform="mastodon",
            base_url=instance,
            handle="demo",
            access_token=os.environ.get("DEMO_TOKEN", ""),
        )
        self.say(f"Linked {account.handle} on {account.instance.base_url}")
        return account

    def fetch(self, account: LinkedAccount) -> list[Job]:
        """Fetch the account's home and public timelines; return the finished jobs."""
        with transaction.atomic():
            jobs = [
                enqueue(
                    FetchPosts(
                        user_id=str(account.user_id),
                        platform="mastodon",
                        account_id=account.pk,
                        feed=feed,
                    )
                )
                for feed in ("home", "public")
            ]
        return [self.follow(job.pk) for job in jobs]

    def curl(self, body: dict[str, Any]) -> Job:
        """Post to the open endpoint as the old service's clients do; return the finished job."""
        url, data = f"{self.web}/api/queue/test-simple", json.dumps(body)
        self.say(f"\n$ curl -X POST {url} -H 'Content-Type: application/json' -d '{data}'")
        request = Request(  # noqa: S310  (the address is the one that this run was given)
            url, data=data.encode(), headers={"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=10) as response:  # noqa: S310
            answer = json.load(response)
        self.say(json.dumps(answer, indent=2))
        return self.follow(int(answer["jobId"]))

    def follow(self, job_id: int) -> Job:
        """Print a job's life until it ends. Raises CommandError if it does not complete."""
        job = Job.objects.get(pk=job_id)
        self.say(f"\nJob {job.pk} ({job.name}) in {job.queue}")
        self.say(f"  added       {job.created_at:%H:%M:%S.%f}")
        job = self._poll(job_id, lambda job: job.started_at is not None)
        self.say(f"  processing  {job.started_at:%H:%M:%S.%f}  {wait_ms(job)} ms after it was due")
        job = self._poll(job_id, lambda job: job.state in FINISHED)
        self.say(f"  {job.state:<10}  {job.finished_at:%H:%M:%S.%f}  after {run_ms(job)} ms")
        self.say(f"  result      {json.dumps(job.result)}")
        if job.state != State.COMPLETED:
            raise CommandError(f"Job {job.pk} is {job.state}: {job.error_message}")
        return job

    def _poll(self, job_id: int, is_reached: Any) -> Job:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            job = Job.objects.get(pk=job_id)
            if is_reached(job):
                return job
            time.sleep(POLL_SECONDS)
        raise CommandError(f"Job {job_id} took more than {PATIENCE_SECONDS:.0f} s. Is a worker up?")

    def show_posts(self) -> None:
        """Print some of the posts that are in Postgres now."""
        self.say(f"\n{Post.objects.count()} posts in Postgres, the newest:")
        for post in Post.objects.order_by("-created_at")[:SHOWN_POSTS]:
            self.say(f"  {post.author_handle}: {to_text(post.content_html)[:70]}")


class Command(BaseCommand):
    """Run the demo and render it, as text or as one JSON object."""

    help = "Fetches a sample account's posts and shows each job's life. The token is DEMO_TOKEN."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--instance", required=True, help="a Mastodon server's base URL")
        parser.add_argument("--web", required=True, help="this site's base URL")
        parser.add_argument("--json", action="store_true", help="print one JSON object only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fail unless every job completes and posts have arrived."""
        say = (lambda _line: None) if options["json"] else self.stdout.write
        demo = Demo(say=say, web=options["web"].rstrip("/"))
        try:
            jobs = demo.fetch(demo.link(options["instance"]))
            demo.show_posts()
            jobs += [demo.curl(body) for body in CURLS]
        except (LinkError, URLError) as error:
            raise CommandError(str(error)) from error
        posts = Post.objects.count()
        if not posts:
            raise CommandError("The jobs completed, but no post has arrived.")
        if options["json"]:
            self.stdout.write(json.dumps({"jobs": [describe(job) for job in jobs], "posts": posts}))
        else:
            self.stdout.write(f"\nAll {len(jobs)} jobs completed.")


def wait_ms(job: Job) -> int:
    """Return the milliseconds between a job's being due and its start."""
    return round((job.started_at - job.run_at).total_seconds() * 1000) if job.started_at else 0


def run_ms(job: Job) -> int:
    """Return the milliseconds that a finished job ran."""
    if job.started_at is None or job.finished_at is None:
        return 0
    return round((job.finished_at - job.started_at).total_seconds() * 1000)


def describe(job: Job) -> dict[str, Any]:
    """Return a finished job as the demo's JSON shows it."""
    return {
        "id": job.pk,
        "queue": job.queue,
        "state": job.state,
        "waitMs": wait_ms(job),
        "runMs": run_ms(job),
    }
