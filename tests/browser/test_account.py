"""The pages of people's own accounts: with a browser, by somebody who is not staff."""

from __future__ import annotations

import re

import pytest

from accounts.models import ApiToken, User
from accounts.services.tokens import RefusedError, authenticate

SECRET, NEW = "an-adas-secret", "correct horse battery"
TOKEN = re.compile(r"fh_[0-9a-f]{16}_[0-9a-f]{64}")


@pytest.fixture
def ada(transactional_db):
    return User.objects.create_user("ada", password=SECRET)


def sign_in(page, live_server, password=SECRET):
    page.goto(f"{live_server.url}/account/")
    page.wait_for_url("**/api-auth/login/?next=/account/")
    page.fill("input[name=username]", "ada")
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/")


def make_token(page, name="laptop"):
    page.get_by_role("link", name="New token").click()
    page.fill("input[name=name]", name)
    page.get_by_label("hub:write").uncheck()
    page.fill("input[name=password]", SECRET)
    page.get_by_role("button", name="Make the token").click()
    return page.locator("[data-token]").inner_text()


@pytest.fixture(params=["script", "no script"])
def person(request, browser, live_server, ada):
    """The page of Ada, who has signed in, with and without JavaScript."""
    context = browser.new_context(java_script_enabled=request.param == "script")
    page = context.new_page()
    sign_in(page, live_server)
    yield page
    context.close()


def test_somebody_makes_sees_and_revokes_a_token(person):
    page = person
    assert "You have no tokens." in page.content()
    text = make_token(page)
    token = authenticate(text)
    assert (token.name, "hub:write" in token.scopes, token.source) == ("laptop", False, "sign-in")
    page.get_by_role("link", name="Back to your account").click()
    row = page.get_by_role("row", name="laptop")
    assert "queue:read, queue:write, hub:read" in row.inner_text()
    assert not TOKEN.search(page.content())
    row.get_by_role("button", name="Revoke").click()
    page.wait_for_selector("text=is revoked.")
    with pytest.raises(RefusedError):
        authenticate(text)
    assert "revoked" in page.get_by_role("row", name="laptop").inner_text()
    assert page.get_by_role("button", name="Revoke").count() == 0


def test_somebody_changes_their_password_and_stays_signed_in_here_alone(
    person, browser, live_server, ada
):
    page = person
    text = make_token(page)
    with browser.new_context() as elsewhere:
        other = elsewhere.new_page()
        sign_in(other, live_server)
        page.goto(f"{live_server.url}/account/password")
        for name, value in (("old", SECRET), ("new", NEW), ("again", NEW)):
            page.fill(f"input[name={name}]", value)
        page.get_by_role("button", name="Change password").click()
        page.wait_for_selector("text=Your password is changed.")
        assert "password changed" in page.get_by_role("row", name="laptop").inner_text()
        other.reload()
        other.wait_for_url("**/api-auth/login/**")
    with pytest.raises(RefusedError):
        authenticate(text)
    ada.refresh_from_db()
    assert ada.check_password(NEW)


WRONG = [
    ({"old": "wrong"}, "This is not your password."),
    ({"again": "correct horse"}, "This is not the same password."),
    ({"new": "12345678", "again": "12345678"}, "This password is too common."),
    ({"new": SECRET, "again": SECRET}, "This is the old password."),
]


def test_what_is_wrong_with_a_new_password_is_said_beside_it(page, live_server, ada):
    sign_in(page, live_server)
    for values, words in WRONG:
        page.goto(f"{live_server.url}/account/password")
        for name, value in {"old": SECRET, "new": NEW, "again": NEW, **values}.items():
            page.fill(f"input[name={name}]", value)
        page.get_by_role("button", name="Change password").click()
        page.wait_for_selector(f"text={words}")
    ada.refresh_from_db()
    assert ada.check_password(SECRET)


def test_who_signs_in_with_a_long_password_is_let_in_and_a_wrong_one_is_told(page, live_server):
    long = "correct horse " * 20
    User.objects.create_user("ada", password=long)
    page.goto(f"{live_server.url}/account/")
    page.fill("input[name=username]", "ada")
    page.fill("input[name=password]", "wrong")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("text=Please enter a correct username and password.")
    assert page.get_by_role("button", name="Sign out").count() == 0
    sign_in(page, live_server, long)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_a_page_fits_the_screen_and_breaks_no_policy(
    page, live_server, ada, complaints, scheme, width, tmp_path
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"{live_server.url}/account/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / "sign-in.png", full_page=True)
    sign_in(page, live_server)
    make_token(page, name="a name of many words for the machine that builds everything")
    for path in ("account/", "account/tokens/new", "account/password"):
        response = page.goto(f"{live_server.url}/{path}")
        policy = response.headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert "script-src" not in policy
        assert "no-store" in response.headers["cache-control"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(250, 250, 250)", "dark": "rgb(22, 22, 26)"}[scheme]
        page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}.png", full_page=True)
    assert ApiToken.objects.count() == 1
    assert complaints == []
