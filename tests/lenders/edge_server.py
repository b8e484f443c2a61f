"""A server that misbehaves on purpose: real sockets on this machine, one behaviour a path."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lenders.adapters.base import HttpAnswer, HttpCall

SUBMISSION = UUID("6f1a0c1e-55a5-4a53-9d3f-0a4b8f7e2c11")
SECRET_WORD = b"canary-body"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mixed-Case: yes\r\nSet-Cookie: tracked=1\r\n\r\nok"
BOMB = gzip.compress(b"\0" * 50_000_000)


class EdgeServer:
    """Counts connections and keeps the head of every request it was sent."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.place = ""

    def url(self, path: str, *, scheme: str = "http") -> str:
        return f"{scheme}://{self.place}/{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await _head(reader):
                self.requests.append(head)
                behaviour = head.split(b" ")[1].strip(b"/").decode()
                await getattr(self, f"do_{behaviour}")(writer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def do_ok(self, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    async def do_slow(self, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(OK)

    async def do_hang(self, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def do_drip(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100_000):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def do_drip_head(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1000):
            writer.write(b"X-%d: y\r\n" % number)
            await writer.drain()
            await asyncio.sleep(0.05)

    async def do_huge(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"." * 5_000_000)

    async def do_huge_unannounced(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(50):
            writer.write(b"186a0\r\n" + b"." * 100_000 + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def do_bomb(self, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n"
        writer.write(head.encode() + BOMB)

    async def do_huge_header(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100_000 + b"\r\nContent-Length: 0\r\n\r\n")

    async def do_redirect(self, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {self.url('ok')}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())

    async def do_close(self, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def do_cut(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    async def do_garbage(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xffnot http at all\r\n\r\n")
        await writer.drain()
        writer.close()

    async def do_busy(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")


async def _head(reader: asyncio.StreamReader) -> bytes:
    """A request's head, its body read as well; empty at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
    return head


@asynccontextmanager
async def edge_server(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[EdgeServer]:
    edge = EdgeServer()
    server = await asyncio.start_server(edge.serve, "127.0.0.1", 0, ssl=tls)
    edge.place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield edge
    finally:
        server.close()


def self_signed() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 127.0.0.1 that nobody issued, and a client's that trusts it
    all the same.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edge.pem"
        path.write_bytes(private + pem)
        server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


def call_to(url: str, method: str = "POST") -> HttpCall:
    body = b"" if method == "GET" else SECRET_WORD
    return HttpCall(method, url, {"User-Agent": "test", "Accept-Encoding": "identity"}, body, SUBMISSION)


def with_server(scenario: Callable[[EdgeServer], Awaitable[HttpAnswer]]) -> HttpAnswer:
    async def run() -> HttpAnswer:
        async with edge_server() as edge:
            return await scenario(edge)

    return asyncio.run(run())
