"""GET and POST, guarded: one connection for each exchange, no redirects, no proxies, size caps."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpcore2

from fediverse.platforms.errors import Refused, Transient
from fediverse.platforms.http.backend import Deadline, GuardedBackend, resolve
from fediverse.platforms.http.policy import HttpPolicy, Target, parse_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fediverse.platforms.http.backend import Resolve

GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of any status but a redirect. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Safe in any thread. Raises Refused for what the policy forbids, Transient for no answer."""

    def __init__(self, policy: HttpPolicy, resolver: Resolve = resolve) -> None:
        self._policy = policy
        self._resolver = resolver
        self._ssl_context = httpcore2.default_ssl_context()

    def get(self, url: str, *, headers: Mapping[str, str]) -> Reply:
        """Return the answer to a GET, its body unpacked.

        `headers` go to this host only, for a redirect is not followed: it is Refused.
        """
        return self._send("GET", url, headers, None)

    def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the answer to a POST, as `get` does. `headers` say what the body is.

        It is sent once. After Transient nobody knows whether the server has carried it out.
        """
        return self._send("POST", url, headers, body)

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        target = parse_target(url, self._policy)
        deadline = Deadline(self._policy.deadline)
        backend = GuardedBackend(target, self._policy, deadline, self._resolver)
        try:
            with httpcore2.ConnectionPool(
                ssl_context=self._ssl_context, network_backend=backend
            ) as pool:
                return self._exchange(pool, method, target, headers, content)
        except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
            raise Transient(f"No connection, or no answer in time ({_name(error)}).") from error
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            raise Transient(f"The answer is not HTTP ({_name(error)}).") from error

    def _exchange(
        self,
        pool: httpcore2.ConnectionPool,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Reply:
        with pool.stream(
            method,
            httpcore2.URL(
                scheme=target.scheme, host=target.host, port=target.port, target=target.path
            ),
            headers=[
                ("Host", _authority(target)),
                ("User-Agent", self._policy.user_agent),
                ("Accept-Encoding", "gzip"),
                ("Connection", "close"),
                *headers.items(),
            ],
            # With its length, also where it is empty: some servers refuse a POST without one.
            content=content,
        ) as response:
            found = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            if 300 <= response.status < 400:  # noqa: PLR2004  (the class of redirects)
                raise Refused(f"The server redirects ({response.status}), which is not followed.")
            body = self._body(response, found.get("content-encoding", "identity").lower())
        return Reply(status=response.status, headers=found, body=body)

    def _body(self, response: httpcore2.Response, encoding: str) -> bytes:
        if encoding not in {"identity", "gzip", ""}:
            raise Refused(f"The body is packed in a way that was not asked for ({encoding[:20]}).")
        body, most = bytearray(), self._policy.max_bytes
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > most:
                raise Refused(f"The answer is larger than {most} bytes.")
        return bytes(body) if encoding != "gzip" else _unpacked(bytes(body), most)


def _unpacked(packed: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(GZIP)
    try:
        body = inflater.decompress(packed, most + 1)
    except zlib.error as error:
        raise Transient("The body cannot be unpacked.") from error
    if len(body) > most:
        raise Refused(f"The answer is larger than {most} bytes once unpacked.")
    if packed and not inflater.eof:
        raise Transient("The body ends too soon.")
    return body


def _authority(target: Target) -> str:
    usual = {"https": 443, "http": 80}[target.scheme]
    return target.host if target.port == usual else f"{target.host}:{target.port}"


def _name(error: Exception) -> str:
    return type(error).__name__
