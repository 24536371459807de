"""`manage.py rotate_token_keys`: by real processes, one of them killed in the middle."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys

import pytest
from django.db import transaction

from accounts.models import Instance, LinkedAccount, User
from accounts.secrets import seal
from accounts.services.linking import credentials
from accounts.services.rotating import BATCH
from tests.processes import ROOT, environment
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 3 * BATCH


def key(name):
    return f"{name}:{base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()}"


OLD, BOTH = [key("old")], [key("new"), key("old")]


@pytest.fixture
def accounts(settings):
    """Linked accounts, all sealed with the old key; the settings have both from then on."""
    settings.TOKEN_KEYS = OLD
    user = User.objects.create_user("ada")
    instance = Instance.objects.create(
        platform="mastodon", base_url="https://social.example", host="social.example"
    )
    made = [LinkedAccount(user=user, instance=instance, handle=f"a{n}") for n in range(NUMBER)]
    for account in made:
        account.sealed_token = seal(f"cnry_{account.handle}", context=account.token_place)
    LinkedAccount.objects.bulk_create(made)
    settings.TOKEN_KEYS = BOTH
    return LinkedAccount.objects.order_by("pk")


def command(*arguments, keys=BOTH):
    return subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "rotate_token_keys", *arguments],
        cwd=ROOT, env=environment(TOKEN_KEYS=",".join(keys)), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(*arguments, keys=BOTH):
    """Return the exit status and all that is printed."""
    process = command(*arguments, keys=keys)
    out, err = process.communicate(timeout=60)
    return process.returncode, out + err


def under(key_id):
    return LinkedAccount.objects.filter(sealed_token__startswith=f"{key_id}:").count()


def all_open():
    rows = LinkedAccount.objects.select_related("instance")
    assert {credentials(row).access_token for row in rows} == {f"cnry_a{n}" for n in range(NUMBER)}


def test_a_rotation_that_is_killed_loses_nothing_and_the_next_one_finishes_it(accounts, settings):
    with transaction.atomic():
        # It cannot go on beyond the second batch, so that is where it is killed.
        LinkedAccount.objects.select_for_update().get(pk=accounts[BATCH + 7].pk)
        process = command()
        until(lambda: under("new"), seconds=60, what="the first batch")
        process.kill()
        process.communicate()
    assert process.returncode == -9
    assert (under("new"), under("old")) == (BATCH, NUMBER - BATCH)
    all_open()
    status, printed = run()
    assert (status, printed) == (0, f"{NUMBER - BATCH} tokens were sealed with the first key.\n")
    assert under("old") == 0
    settings.TOKEN_KEYS = [key("new")]
    all_open()
    assert run("--check", keys=settings.TOKEN_KEYS) == (0, f"new: {NUMBER}\n")


def test_a_check_counts_by_key_and_writes_nothing(accounts):
    status, printed = run("--check")
    assert status == 1
    assert printed.startswith(f"new: 0\nold: {NUMBER}\n")
    assert f"{NUMBER} tokens are not sealed with new" in printed
    assert under("old") == NUMBER


def test_what_cannot_be_opened_is_counted_and_named_without_its_text(accounts):
    planted, moved, other = accounts[:3]
    LinkedAccount.objects.filter(pk=planted.pk).update(sealed_token="cnry_planted")
    LinkedAccount.objects.filter(pk=moved.pk).update(sealed_token=other.sealed_token)
    status, printed = run("--check")
    assert (status, "(not in TOKEN_KEYS): 1\n" in printed) == (1, True)
    assert "cnry" not in printed
    status, printed = run()
    assert status == 1
    assert f"{NUMBER - 2} tokens were sealed" in printed
    assert f"the linked accounts {planted.pk}, {moved.pk}." in printed
    assert "cnry" not in printed
    assert "old:" not in printed
    assert under("new") == NUMBER - 2
    assert run()[0] == 1


def test_without_good_keys_nothing_is_written(accounts):
    weak = "k:" + base64.b64encode(bytes(32)).decode()
    for keys in ([weak, *OLD], []):
        status, printed = run(keys=keys)
        assert status == 1
        assert "TOKEN_KEYS" in printed
    assert under("old") == NUMBER
