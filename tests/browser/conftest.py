from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# Playwright's sync API runs an event loop in this thread, in which Django refuses to query.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = shutil.which("chromium")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="there is no chromium on this machine"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--disable-dev-shm-usage"],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": {"width": 1400, "height": 900}}


@pytest.fixture
def complaints(page):
    """What the browser's console says: errors, and what the security policy blocked."""
    found = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def operator(django_user_model, transactional_db):
    return django_user_model.objects.create_superuser("operator", password="an-operators-secret")


@pytest.fixture
def signed_in(page, live_server, operator):
    """The page, at the admin's index, signed in through the form."""
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=username]", "operator")
    page.fill("input[name=password]", "an-operators-secret")
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    return page
