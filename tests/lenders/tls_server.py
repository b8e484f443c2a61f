"""A lender's server that wants to see a certificate: OpenSSL itself, alerts and all, on a thread.

asyncio's own server ends a refused handshake without a word, and most servers do not.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lenders.sandbox.certificates import Authority, Identity

HOST = "127.0.0.1"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Manners:
    """How the server meets a client.

    version   of TLS, and no other
    thinking  seconds between the client's certificate and what comes of it
    silent    a handshake that failed ends without an alert
    says      what is sent instead of an answer; the connection then ends
    """

    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    thinking: float = 0.0
    silent: bool = False
    says: bytes | None = None


@dataclass
class TlsServer:
    """Counts connections, and keeps every request with the name on the certificate that was shown for it."""

    context: ssl.SSLContext
    manners: Manners
    connections: int = 0
    requests: list[tuple[int, str]] = field(default_factory=list)
    place: str = ""

    def serve(self, peer: socket.socket) -> None:
        self.connections += 1
        number = self.connections
        session = _Session(peer, self.context)
        try:
            session.shake_hands(self.manners)
            name = dict(item[0] for item in session.tls.getpeercert()["subject"])["commonName"]
            while session.request():
                self.requests.append((number, name))
                session.send(ANSWER if self.manners.says is None else self.manners.says)
                if self.manners.says is not None:
                    return
        except OSError:
            pass
        finally:
            peer.close()


class _Session:
    """A connection whose every byte is passed on by hand."""

    def __init__(self, peer: socket.socket, context: ssl.SSLContext) -> None:
        self._peer = peer
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_side=True)

    def shake_hands(self, manners: Manners) -> None:
        flights = 0
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._in.write(self._received())
                flights += 1
                if flights > 1:
                    time.sleep(manners.thinking)
            except ssl.SSLError:
                if not manners.silent:
                    self._flush()
                raise
            else:
                return self._flush()

    def request(self) -> bytes:
        """A head and its body, empty at the end."""
        found = b""
        while b"\r\n\r\n" not in found:
            if not (more := self._read()):
                return b""
            found += more
        head, _, body = found.partition(b"\r\n\r\n")
        wanted = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        while len(body) < wanted:
            body += self._read()
        return head

    def send(self, answer: bytes) -> None:
        self.tls.write(answer)
        self._flush()

    def _read(self) -> bytes:
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._in.write(self._received())
            except ssl.SSLZeroReturnError:
                return b""

    def _received(self) -> bytes:
        if not (data := self._peer.recv(65536)):
            raise ConnectionResetError
        return data

    def _flush(self) -> None:
        self._peer.sendall(self._out.read())


def context_for(identity: Identity, clients: Authority) -> ssl.SSLContext:
    """A server's, that lets in whom `clients` certified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=clients.certificate)
    with tempfile.NamedTemporaryFile() as file:
        file.write((identity.certificate + identity.private_key).encode())
        file.flush()
        context.load_cert_chain(file.name)
    return context


@contextmanager
def tls_server(context: ssl.SSLContext, manners: Manners | None = None) -> Iterator[TlsServer]:
    manners = manners or Manners()
    context.minimum_version = context.maximum_version = manners.version
    server = TlsServer(context, manners)
    listener = socket.create_server((HOST, 0))
    server.place = f"{HOST}:{listener.getsockname()[1]}"

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _address = listener.accept()
                threading.Thread(target=server.serve, args=[peer], daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
