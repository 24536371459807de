"""A server on the loopback that answers with the very bytes it is given."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading


class RawServer:
    """Sends one answer to every request, over TLS if it has a context, and notes the requests."""

    def __init__(self, answer, context=None):
        self.requests: list[bytes] = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                # A peer that does not trust us, or has read enough, hangs up; that is its right.
                with contextlib.suppress(ssl.SSLError, ConnectionError):
                    connection = self.request
                    if context:
                        connection = context.wrap_socket(connection, server_side=True)
                    with connection:
                        outer.requests.append(connection.recv(65536))
                        connection.sendall(answer)

        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def answer(body, *headers, status="200 OK"):
    """Return an answer of HTTP/1.1 with these header lines and no others but the length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
