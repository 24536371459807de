"""A member of staff gets no right that they lack, by whatever form they send to the server."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import ApiToken, User
from accounts.services.tokens import create_token
from queues.models import AuditEntry
from queues.permissions import OPERATING

TOKEN = re.compile(r"fh_[0-9a-f]{16}_[0-9a-f]{64}")
PASSWORD = "correct horse battery"
USERS, GROUPS, TOKENS = (
    f"/admin/{name}/" for name in ("accounts/user", "auth/group", "accounts/apitoken")
)
PEOPLE = ("add_user", "change_user", "delete_user", "view_user")
GROUPING = ("add_group", "change_group", "delete_group", "view_group")
GRANTING = ("add_apitoken", "change_apitoken", "delete_apitoken", "view_apitoken")
NAMES = {"first_name": "", "last_name": "", "email": "", "date_joined_0": "2026-01-01"}


def permissions(*codenames):
    return Permission.objects.filter(codename__in=codenames)


def permitted(user, *codenames):
    user.user_permissions.set(permissions(*codenames))
    return user


@pytest.fixture
def boss(transactional_db):
    return User.objects.create_superuser("boss", password=PASSWORD)


@pytest.fixture
def ada(transactional_db):
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def staff(browse):
    """Make a member of staff with some permissions; return them and their browser."""

    def make(*codenames):
        member = permitted(User.objects.create_user("staff", is_staff=True), *codenames)
        return member, browse(member)

    return make


def change(user, **values):
    """Return the form of a user's page, filled in as the page has it, but for some values."""
    flags = {name: "on" for name in ("is_active", "is_staff") if getattr(user, name)}
    moment = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {"username": user.username, **flags, **NAMES, **moment, **values}


def every_right():
    everything = [one.pk for one in Permission.objects.all()]
    return {"is_superuser": "on", "is_staff": "on", "user_permissions": everything}


def test_staff_who_change_users_give_nobody_rights_and_not_themselves(staff, ada):
    member, browser = staff(*PEOPLE)
    group = Group.objects.create(name="all")
    group.permissions.set(Permission.objects.all())
    for user in (member, ada):
        form = change(user, **every_right(), groups=[group.pk], first_name="Changed")
        assert browser.post(f"{USERS}{user.pk}/change/", form).status == 302
        user.refresh_from_db()
        # The form was carried out, and left rights as they were.
        assert user.first_name == "Changed"
        assert (user.is_superuser, user.is_staff) == (False, user == member)
        assert not user.groups.exists()
    assert member.user_permissions.count() == len(PEOPLE)
    assert not ada.user_permissions.exists()


def test_a_user_whom_staff_make_has_no_rights(staff):
    _, browser = staff(*PEOPLE)
    form = {"username": "bob", "usable_password": "true", **every_right()}
    assert browser.post(f"{USERS}add/", {**form, "password1": PASSWORD, "password2": PASSWORD})
    bob = User.objects.get(username="bob")
    assert (bob.is_superuser, bob.is_staff, bob.user_permissions.count()) == (False, False, 0)


@pytest.fixture(
    params=["superuser", "inactive superuser", "more rights", "more by a group", "gone"]
)
def stronger(request, transactional_db):
    """Somebody who may do more than the member of staff, or did."""
    if "superuser" in request.param:
        active = "inactive" not in request.param
        return User.objects.create_superuser("s", password=PASSWORD, is_active=active)
    user = User.objects.create_user("s", password=PASSWORD, is_active=request.param != "gone")
    if request.param == "more by a group":
        group = Group.objects.create(name="g")
        group.permissions.set(permissions("change_job"))
        user.groups.add(group)
    else:
        permitted(user, "change_job")
    return user


def test_staff_do_nothing_to_who_has_more_rights(staff, stronger):
    _, browser = staff(*PEOPLE)
    before = User.objects.filter(pk=stronger.pk).values().get()
    page = f"{USERS}{stronger.pk}"
    form = change(stronger, is_active="on", email="staff@example.org", username="mine")
    passwords = {"password1": "mine " + PASSWORD, "password2": "mine " + PASSWORD}
    for path, body in (
        (f"{page}/change/", form),
        (f"{page}/password/", {**passwords, "usable_password": "true"}),
        (f"{page}/password/", {"usable_password": "false", "unset-password": "1"}),
        (f"{page}/delete/", {"post": "yes"}),
        (USERS, {"action": "delete_selected", "_selected_action": [stronger.pk], "post": "yes"}),
    ):
        answer = browser.post(path, body)
        # The action shows a page that says what is not allowed.
        assert answer.status == 403 or "required permissions" in answer.text, path
    assert User.objects.filter(pk=stronger.pk).values().get() == before
    assert browser.get(f"{page}/change/").status == 200


def test_staff_may_see_to_who_has_no_more_rights_than_they(staff, ada):
    _, browser = staff(*PEOPLE)
    new = {"password1": "mine " + PASSWORD, "password2": "mine " + PASSWORD}
    answer = browser.post(f"{USERS}{ada.pk}/password/", {**new, "usable_password": "true"})
    assert answer.status == 302
    ada.refresh_from_db()
    assert ada.check_password("mine " + PASSWORD)
    form = change(ada)
    del form["is_active"]
    assert browser.post(f"{USERS}{ada.pk}/change/", form).status == 302
    ada.refresh_from_db()
    assert not ada.is_active
    assert browser.post(f"{USERS}{ada.pk}/delete/", {"post": "yes"}).status == 302
    assert not User.objects.filter(pk=ada.pk).exists()


def test_nobody_hands_out_a_permission_that_they_lack_by_a_group(staff):
    member, browser = staff(*GROUPING)
    own = Group.objects.create(name="own")
    member.groups.add(own)
    lacked, held = (permissions(name).get().pk for name in ("change_user", "view_group"))
    for path in (f"{GROUPS}{own.pk}/change/", f"{GROUPS}add/"):
        answer = browser.post(path, {"name": "x", "permissions": [held, lacked]})
        assert answer.status == 200
        assert "not one of the available choices" in answer.text
    assert not own.permissions.exists()
    answer = browser.post(f"{GROUPS}{own.pk}/change/", {"name": "own", "permissions": [held]})
    assert (answer.status, own.permissions.get().pk) == (302, held)


def test_a_group_that_gives_more_is_left_alone(staff):
    _, browser = staff(*GROUPING)
    strong = Group.objects.create(name="strong")
    strong.permissions.set(permissions("change_user"))
    page = f"{GROUPS}{strong.pk}"
    action = {"action": "delete_selected", "_selected_action": [strong.pk], "post": "yes"}
    for path, body in (
        (f"{page}/change/", {"name": "weak", "permissions": []}),
        (f"{page}/delete/", {"post": "yes"}),
        (GROUPS, action),
    ):
        answer = browser.post(path, body)
        assert answer.status == 403 or "required permissions" in answer.text
    strong.refresh_from_db()
    assert (strong.name, strong.permissions.count()) == ("strong", 1)


def grant(browser, user, *scopes):
    form = {"user": user.pk, "name": "x", "scopes": scopes or ["queue:read"], "days": "7"}
    return browser.post(f"{TOKENS}add/", form)


def test_staff_who_add_tokens_make_their_own_alone(staff, ada, boss):
    member, browser = staff(*GRANTING)
    for user in (ada, boss):
        assert "not one of the available choices" in grant(browser, user).text
    assert "Only operators may" in grant(browser, member, "queue:manage").text
    assert not ApiToken.objects.exists()
    assert TOKEN.search(grant(browser, member, "hub:read").text)
    assert ApiToken.objects.get().user == member


def test_staff_who_grant_tokens_do_so_to_who_has_no_more_rights(staff, ada, stronger):
    _, browser = staff(*GRANTING, "grant_apitoken")
    assert "not one of the available choices" in grant(browser, stronger).text
    assert "Only operators may" in grant(browser, ada, "queue:manage").text
    assert not ApiToken.objects.exists()
    assert TOKEN.search(grant(browser, ada, "hub:read").text)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.actor, entry.target["user"]) == ("create-token", "staff", "ada")


def test_an_operator_who_is_one_no_longer_keeps_no_power_by_a_token(staff, web):
    names = [name.partition(".")[2] for name in OPERATING]
    member, browser = staff(*GRANTING, *names)
    (text,) = TOKEN.findall(grant(browser, member, "queue:manage", "queue:read").text)
    pause = ("POST", "/api/queue/queues/notifications/pause")
    assert web.ask(*pause, Authorization=f"Bearer {text}")[0] == 200
    permitted(member, *GRANTING)
    assert web.ask(*pause, Authorization=f"Bearer {text}")[0] == 403


@pytest.mark.parametrize("may_grant", [False, True])
def test_staff_neither_see_nor_end_tokens_beyond_their_rights(staff, ada, boss, may_grant):
    _, browser = staff(*GRANTING, *(["grant_apitoken"] if may_grant else []))
    made = {"scopes": ["queue:read"], "days": 1, "source": ApiToken.Source.SIGN_IN}
    hidden = [create_token(boss, name="cnry", **made)[0]]
    if not may_grant:
        hidden.append(create_token(ada, name="cnry", **made)[0])
    assert "cnry" not in browser.get(TOKENS).text
    for token in hidden:
        assert browser.get(f"{TOKENS}{token.pk}/change/").status == 302
        browser.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})
    chosen = [token.pk for token in hidden]
    for action in ("revoke_tokens", "delete_selected"):
        browser.post(TOKENS, {"action": action, "_selected_action": chosen, "post": "yes"})
    assert ApiToken.objects.filter(revoked_at=None).count() == len(hidden)


def test_no_page_shows_staff_the_hash_of_a_password(staff, ada):
    _, browser = staff("view_user")
    page = browser.get(f"{USERS}{ada.pk}/change/")
    assert page.status == 200
    assert ada.password not in page.text
    assert ada.password.rpartition("$")[2] not in page.text
