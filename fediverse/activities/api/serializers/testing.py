from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.core.validators import RegexValidator
from rest_framework import serializers

from fediverse.activities.payloads import acting, fetching, notifying
from fediverse.platforms.registry import NAMES
from queues.api.facts import Facts
from queues.api.fields import (
    ObjectField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
    StrictSerializer,
)
from queues.api.options import OptionsField, options_without

if TYPE_CHECKING:
    import re

# A job of these kinds runs on the queue of its kind.
TestOptionsSerializer: Final = options_without("queue", called="TestOptionsSerializer")
MAX_BULK: Final = 1000


def _platform() -> StrictChoiceField:
    return StrictChoiceField(
        choices=NAMES,
        default="mastodon",
        initial="mastodon",
        help_text="Where. Accounts can be linked on mastodon only, so far.",
    )


def _options() -> OptionsField:
    return OptionsField(of=TestOptionsSerializer)


def _whole(pattern: re.Pattern[str], allowed: str) -> RegexValidator:
    # In the words of JSON Schema, which the OpenAPI document is written in.
    return RegexValidator(f"^{pattern.pattern}$", f"Not of its form; allowed: {allowed}.")


class ContentAggregationSerializer(StrictSerializer):
    """A fetch of the caller's feeds."""

    platform = _platform()
    action = StrictChoiceField(
        choices=[*fetching.ACTIONS, fetching.FETCH_ALL],
        default="fetch-posts",
        initial="fetch-posts",
        help_text="fetchPosts and fetch-posts are the same; fetch-all-posts makes a job for each "
        "of the caller's accounts.",
    )
    options = _options()


class NotificationTestSerializer(StrictSerializer):
    """A notification for the caller."""

    type = StrictCharField(
        default="info",
        initial="info",
        trim_whitespace=False,
        validators=[_whole(notifying.TYPE, notifying.TYPE_IN_WORDS)],
        help_text=f"What kind of notification: {notifying.TYPE_IN_WORDS}.",
    )
    message = StrictCharField(
        initial="Hello",
        trim_whitespace=False,
        max_length=notifying.MAX_MESSAGE,
        help_text="What the caller is told.",
    )
    options = _options()


class UserActionSerializer(StrictSerializer):
    """Something that one of the caller's accounts does to a post."""

    action = StrictChoiceField(
        choices=acting.ACTIONS,
        initial=acting.LIKE,
        help_text="What is done. comment-post takes its text from options.data.text.",
    )
    targetId = StrictCharField(
        initial="1",
        trim_whitespace=False,
        validators=[_whole(acting.TARGET, acting.TARGET_IN_WORDS)],
        help_text="What the account's own server calls the post.",
    )
    platform = _platform()
    options = _options()


class BulkJobsSerializer(StrictSerializer):
    """How many jobs of all three kinds."""

    count = StrictIntegerField(
        default=5, initial=5, min_value=1, max_value=MAX_BULK, help_text="How many jobs in all."
    )


class TestJobSerializer(Facts):
    """A job that was added, in the form that clients of the old service know."""

    id = serializers.CharField(help_text="The job's number, as text.")
    name = serializers.CharField()
    data = ObjectField(help_text="What the job is told.")  # type: ignore[assignment]  # no attribute
    timestamp = serializers.IntegerField(
        help_text="When it was added: milliseconds since the epoch."
    )


class BulkJobSerializer(Facts):
    """One of many jobs that were added."""

    type = serializers.CharField(help_text="content-aggregation, notification or user-action.")
    id = serializers.CharField(help_text="The job's number, as text.")


class AddedSerializer(Facts):
    """What was added."""

    job = TestJobSerializer()


class BulkAddedSerializer(Facts):
    """What was added, and when."""

    jobs = BulkJobSerializer(many=True)
    timestamp = serializers.DateTimeField()
