"""What docker-compose.yml and .env.example make of each other, without Docker."""

from __future__ import annotations

import base64
import re
import secrets

import yaml

from tests.processes import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::[-?]([^}]*))?\}")
# What an operator has to set.
SAMPLES = {
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "hub.example.org",
    "TOKEN_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "POSTGRES_PASSWORD": "pw1",
    "REDIS_PASSWORD": "pw2",
}


def example():
    """Return the variables of .env.example with their values, in its order."""
    text = (ROOT / ".env.example").read_text()
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def composed(service, **dotenv):
    """Return the environment of a service, given a .env that is .env.example with some changes."""
    variables = {**example(), **SAMPLES, **dotenv}

    def fill(text):
        return VARIABLE.sub(lambda found: variables.get(found[1]) or found[2] or "", text)

    files = SERVICES[service].get("env_file")
    given = variables if files == ".env" else {}
    own = {key: fill(value) for key, value in SERVICES[service].get("environment", {}).items()}
    return {**given, **own}
