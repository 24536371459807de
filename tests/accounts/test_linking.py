from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import Instance, LinkedAccount, User
from accounts.secrets import KeysError, UnsealError
from accounts.services.linking import LinkError, credentials, link_account, mark_needs_reauth
from tests.threads import together


def test_a_linked_account_has_credentials_for_its_instance(link):
    account = link()
    keys = credentials(account)
    assert (keys.base_url, keys.access_token) == ("https://social.example", "cnry_token")
    assert account.status == "active"


def test_the_token_is_nowhere_in_the_row_nor_in_what_is_printed(link):
    account = link()
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_linkedaccount t")
        (row,) = cursor.fetchone()
    assert "cnry_token" not in row
    assert "cnry_token" not in f"{account!r} {account} {credentials(account)!r}"


def test_linking_again_replaces_the_token_and_makes_no_second_row(link):
    first = link()
    again = link(base_url="HTTPS://Social.Example:443/", access_token="newer")
    assert again.pk == first.pk
    assert credentials(LinkedAccount.objects.get()).access_token == "newer"
    assert Instance.objects.count() == 1


def test_linking_again_takes_up_an_account_that_needed_a_new_sign_in(link):
    mark_needs_reauth(link())
    link()
    assert LinkedAccount.objects.get().status == "active"


def test_two_users_may_link_the_same_account(link):
    other = User.objects.create_user("bob")
    assert link().pk != link(user=other, access_token="other").pk
    assert Instance.objects.count() == 1


BAD = [
    ("platform", {"platform": "myspace"}),
    ("base_url", {"base_url": "http://social.example"}),
    ("base_url", {"base_url": "https://127.0.0.1"}),
    ("handle", {"handle": ""}),
    ("handle", {"handle": "a da"}),
    ("handle", {"handle": "a\x00"}),
    ("handle", {"handle": "a" * 256}),
    ("access_token", {"access_token": ""}),
    ("access_token", {"access_token": "cnry\r\nHost: evil"}),
    ("access_token", {"access_token": "cnry\x00"}),
    ("access_token", {"access_token": "cnry" * 2000}),
]


@pytest.mark.parametrize(("field", "values"), BAD)
def test_what_cannot_be_linked_is_refused_by_the_name_of_its_field(link, field, values):
    with pytest.raises(LinkError) as caught:
        link(**values)
    assert caught.value.field == field
    assert "cnry" not in str(caught.value)
    assert not Instance.objects.exists()


def test_an_instance_does_not_change_its_platform(link):
    link()
    with pytest.raises(LinkError) as caught:
        link(platform="lemmy", handle="other")
    assert caught.value.field == "platform"
    assert LinkedAccount.objects.count() == 1


def test_nothing_is_stored_without_a_key(link, settings):
    settings.TOKEN_KEYS = []
    with pytest.raises(KeysError):
        link()
    assert not LinkedAccount.objects.exists()
    assert not Instance.objects.exists()


def test_a_token_copied_from_another_account_does_not_open(link):
    mine, other = link(), link(handle="bob", access_token="bobs")
    LinkedAccount.objects.filter(pk=mine.pk).update(sealed_token=other.sealed_token)
    mine.refresh_from_db()
    with pytest.raises(UnsealError):
        credentials(mine)


def test_a_token_that_was_replaced_meanwhile_stays_active(link):
    stale = link()
    link(access_token="newer")
    mark_needs_reauth(stale)
    assert LinkedAccount.objects.get().status == "active"


@pytest.mark.parametrize("owner", ["", "test-user-id", "-1", "٣", "9" * 5000, "1 OR 1=1"])
def test_an_owner_that_is_no_user_has_no_accounts(link, owner):
    link()
    assert not LinkedAccount.objects.of_owner(owner).exists()


def test_an_owner_has_their_own_accounts_only(link):
    mine = link()
    link(user=User.objects.create_user("bob"))
    assert list(LinkedAccount.objects.of_owner(str(mine.user_id))) == [mine]


@pytest.mark.django_db(transaction=True)
def test_linking_twice_at_once_makes_one_account():
    user = User.objects.create_user("ada")

    def link():
        return link_account(
            user,
            platform="mastodon",
            base_url="https://social.example",
            handle="ada",
            access_token="token",
        ).pk

    assert len(set(together(link, link, link))) == 1
