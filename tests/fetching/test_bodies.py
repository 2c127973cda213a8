"""Packed bodies: whole, damaged, lying, and bombs. R-n = the case of the catalogue of faults."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from collectors.bodies import content_codings, sniffed_type, unpack
from collectors.failures import FetchError
from tests.fetching.conftest import ask, source_with
from tests.fetching.server import packed, serve

MIB = 1024 * 1024
PAGE = "<html><title>Чай</title>".encode() + bytes(range(256)) * 8


def raw_deflate(data):
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("coding", PACKERS)
async def test_every_coding_we_ask_for_is_understood(fetcher_with, coding):
    async with serve({"/": packed(PACKERS[coding](PAGE), coding)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.body) == ("", PAGE)


@given(st.binary(max_size=5000), st.lists(st.sampled_from(sorted(PACKERS)), max_size=2))
def test_what_was_packed_unpacks_to_itself(body, codings):
    data = body
    for coding in codings:
        data = PACKERS[coding](data)

    assert unpack(data, codings, MIB) == body


@given(st.binary(max_size=300), st.sampled_from(sorted(PACKERS)))
def test_garbage_ends_in_an_error_or_in_bounds(data, coding):
    try:
        size = len(unpack(data, [coding], 1000))
    except FetchError:
        return

    assert size <= 1000


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("cut", [1, 4, 100])
def test_r22_a_body_cut_short_is_never_silently_short(coding, cut):
    with pytest.raises(FetchError) as caught:
        unpack(PACKERS[coding](os.urandom(3000))[:-cut], [coding], MIB)

    assert caught.value.kind == "decode"


def test_r22_a_wrong_checksum_is_damage():
    data = bytearray(gzip.compress(PAGE))
    data[-6] ^= 0xFF

    with pytest.raises(FetchError, match="not gzip"):
        unpack(bytes(data), ["gzip"], MIB)


def test_r22_padding_after_a_whole_body_is_ignored_and_further_members_are_read():
    assert unpack(gzip.compress(PAGE) + b"\0" * 100, ["gzip"], MIB) == PAGE
    assert unpack(gzip.compress(b"one") + gzip.compress(b"two"), ["gzip"], MIB) == b"onetwo"
    assert unpack(raw_deflate(PAGE), ["deflate"], MIB) == PAGE


@pytest.mark.parametrize(("body", "coding"), [(PAGE, "gzip"), (gzip.compress(PAGE), "br"), (PAGE, "zstd"), (PAGE, "deflate")])
async def test_r21_a_body_that_is_not_packed_as_it_says_is_refused_and_its_head_kept(fetcher_with, body, coding):
    async with serve({"/": packed(body, coding)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert (answer.error, answer.body, answer.attempt) == ("decode", None, 1)
    assert answer.head == body[:4096]
    assert coding in answer.error_detail


@pytest.mark.parametrize("header", ["gzip, gzip, gzip", ", ".join(["gzip"] * 50), "compress", "br;q=1"])
async def test_r20_chained_or_unknown_codings_are_refused(fetcher_with, header):
    async with serve({"/": packed(b"x", header)}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"))

    assert answer.error == "codings"


def test_identity_and_empty_codings_mean_nothing():
    assert content_codings("identity, ,GZIP ") == ["gzip"]


# Bombs, asked for by a child process whose peak memory is then read: unbounded, br and zstd alone would take over 500 MiB.
ZEROS = bytes(MIB)


def gzip_bomb(wbits):
    squeeze = zlib.compressobj(wbits=wbits)
    return b"".join(squeeze.compress(ZEROS) for _ in range(100)) + squeeze.flush()


def brotli_bomb():
    squeeze = brotli.Compressor(quality=5, lgwin=24)
    return b"".join(squeeze.process(ZEROS) for _ in range(600)) + squeeze.finish()


def zstd_bomb():
    block = ((128 * 1024) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"  # 128 KiB of zeros in four bytes (RFC 8878, 3.1.1.2)
    last = ((128 * 1024) << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"\0"
    return b"\x28\xb5\x2f\xfd" + b"\x00\x58" + block * 15_999 + last  # window 2 MiB


CHILD = """
import asyncio, json, pathlib, re, sys, tempfile
from collectors.fetch import Fetcher
from collectors.limits import Limits
from tests.fetching.conftest import AGENT, ask, source_with

async def main(urls):
    with tempfile.TemporaryDirectory() as folder, Limits(pathlib.Path(folder) / "limits.sqlite") as limits:
        async with Fetcher(limits=limits, user_agent=AGENT, allow_private_hosts=True) as fetcher:
            answers = [await ask(fetcher, url, source=source_with(max_body=10 * 1024 * 1024)) for url in urls]
            status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
            peak = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1])  # of this process alone: ru_maxrss starts with its parent's
            print(json.dumps({"errors": [answer.error for answer in answers], "peak_mib": peak // 1024}))

asyncio.run(main(sys.argv[1:]))
"""


async def test_r16_to_r19_bombs_are_refused_in_little_memory(fetcher_with):  # G-9
    bomb = gzip_bomb(31)
    scripts = {
        "/gzip": packed(bomb, "gzip"),
        "/deflate": packed(gzip_bomb(15), "deflate"),
        "/br": packed(brotli_bomb(), "br"),
        "/zstd": packed(zstd_bomb(), "zstd"),
        "/twice": packed(gzip.compress(bomb), "gzip, gzip"),
    }
    async with serve(scripts) as server:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, *(server.url(path) for path in scripts), stdout=subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(child.communicate(), 30)
    said = json.loads(out)

    assert said["errors"] == ["bomb"] * len(scripts)
    assert said["peak_mib"] <= 300


async def test_a_body_that_packs_well_is_no_bomb(fetcher_with):
    rows = b"<tr><td>0</td></tr>" * 40_000  # 760 kB that pack to 2 kB
    async with serve({"/": packed(gzip.compress(rows), "gzip")}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), source=source_with(max_body=MIB))

    assert answer.body == rows


async def test_the_limit_holds_after_unpacking(fetcher_with):
    async with serve({"/": packed(gzip.compress(os.urandom(3000) * 100), "gzip")}) as server, fetcher_with() as fetcher:
        answer = await ask(fetcher, server.url("/"), source=source_with(max_body=100_000))

    assert (answer.error, answer.body) == ("too_large", None)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_r49_binary_bodies_are_told_by_their_first_bytes(body, media_type):
    assert sniffed_type(body) == media_type
