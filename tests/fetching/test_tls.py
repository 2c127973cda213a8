"""Encrypted connections: trusted or refused. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio
import ssl
import struct
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from collectors import stream
from tests.fetching.conftest import ask
from tests.fetching.server import ok, redirect, serve

x509 = pytest.importorskip("cryptography.x509", reason="cryptography makes the certificates of these tests")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402


def certificate(folder, name, days, hosts):
    """A self-signed certificate and its key in one file; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "good": certificate(folder, "good", 30, ["127.0.0.1"]),
        "expired": certificate(folder, "expired", -1, ["127.0.0.1"]),
        "other": certificate(folder, "other", 30, ["other.example"]),
    }


def serving(path, alpn=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def trusting(path):
    return ssl.create_default_context(cafile=str(path))


async def test_a_trusted_connection_works_and_is_kept(fetcher_with, certificates):
    fetching = fetcher_with(tls=trusting(certificates["good"]))
    async with serve({"/": ok()}, tls=serving(certificates["good"])) as server, fetching as fetcher:
        answers = [await ask(fetcher, server.url("/")) for _ in range(2)]

    assert [answer.body for answer in answers] == [b"hello", b"hello"]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("served", "trusted"),
    [
        pytest.param("expired", "expired", id="r34-expired"),
        pytest.param("good", None, id="r34-self-signed"),
        pytest.param("other", "other", id="r34-wrong-host"),
    ],
)
async def test_r34_a_connection_that_is_not_trusted_is_refused(fetcher_with, certificates, served, trusted):
    settings = {"tls": trusting(certificates[trusted])} if trusted else {}
    async with serve({"/": ok()}, tls=serving(certificates[served])) as server, fetcher_with(**settings) as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.attempt, server.seen) == ("tls", 1, [])
    assert "certificate" in answer.error_detail


async def test_r34_old_tls_is_refused(fetcher_with, certificates):
    old = serving(certificates["good"])
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serve({"/": ok()}, tls=old) as server, fetcher_with(tls=trusting(certificates["good"])) as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.error == "tls"


async def test_r35_a_handshake_that_hangs_ends(fetcher_with, monkeypatch):
    monkeypatch.setattr(stream, "TLS_SECONDS", 0.3)

    async def silent(reader, writer):
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with listening, fetcher_with() as fetcher:
        started = time.monotonic()
        answer = await ask(fetcher, f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/")
    await asyncio.sleep(0.05)

    assert answer.error == "tls"
    assert "handshake" in answer.error_detail
    assert time.monotonic() - started < 2


async def test_r31_a_redirect_from_https_to_http_is_refused(fetcher_with, certificates):
    async with serve({"/": ok()}) as plain, fetcher_with(tls=trusting(certificates["good"])) as fetcher:
        scripts = {"/": redirect(plain.url("/"))}
        async with serve(scripts, tls=serving(certificates["good"])) as server:
            answer = await ask(fetcher, server.url("/"))

    assert (answer.error, plain.seen) == ("downgrade", [])


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + struct.pack(">I", stream) + payload


SETTINGS = frame(4, 0, 0)
GOAWAY = frame(7, 0, 0, struct.pack(">II", 0, 2))
RESET_FIRST_STREAM = frame(3, 0, 1, struct.pack(">I", 2))
OK_FIRST_STREAM = frame(1, 4, 1, b"\x88") + frame(0, 1, 1, b"hello")  # :status 200, then the whole body


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        pytest.param(OK_FIRST_STREAM, [""], id="answer"),
        pytest.param(RESET_FIRST_STREAM * 1000, ["protocol", "timeout"], id="r48-reset-flood"),
        pytest.param(GOAWAY, ["protocol", "timeout"], id="r48-goaway"),
        pytest.param(frame(0, 0, 1, b"x" * 10), ["protocol", "timeout"], id="r48-body-before-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", ["protocol", "timeout"], id="r48-not-http2"),
    ],
)
async def test_r48_http2_works_and_its_faults_are_named(fetcher_with, certificates, said, errors):
    async def script(reader, writer):
        writer.write(SETTINGS)
        head = await reader.readexactly(24)
        assert head.startswith(b"PRI * HTTP/2.0")
        while True:
            length, kind, _, _ = struct.unpack(">3sBBI", await reader.readexactly(9))
            await reader.readexactly(int.from_bytes(length, "big"))
            if kind == 1:
                break
        writer.write(said)
        await writer.drain()
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(script, "127.0.0.1", 0, ssl=serving(certificates["good"], ["h2"]))
    async with listening, fetcher_with(http2=True, total_timeout=0.5, tries=1, tls=trusting(certificates["good"])) as fetcher:
        answer = await ask(fetcher, f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/")
    await asyncio.sleep(0.05)

    assert answer.error in errors
    assert answer.body == (None if answer.error else b"hello")
