"""What is counted in C is what a slow and obvious reading of the same page gives; any page is read or refused by name."""

import subprocess
import sys
import tarfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.reading.content_features import FEATURES, measure
from collectors.reading.content_model import load_scores
from collectors.reading.content_scores import alphabet
from collectors.reading.document import TAG_IDS, read_document
from collectors.reading.model import PageError
from collectors.reading.native import walking
from collectors.reading.native.counting import Table
from collectors.reading.native.layout import check_layout
from collectors.reading.native.library import joined
from collectors.reading.page import read_page
from tests.corpora import corpus
from tests.reading.walk_reference import pieces_slowly, texts_slowly, walk_slowly

BITS = (
    "<p>", "</p>", '<div class="card b1">', "</div>", "<span hidden>", "</span>", "<br>", "<a href=x>", "</a>", "<pre>", "</pre>",
    "<ul><li>", "чай ", "tea. ", "\n\n", "  ", "🍵", "<video><source itemprop=x><b>z</b></video>", "<h1>Tea 42</h1>",
    "<table><tr><td>", "$5,", "<x-tag role=navigation>", "</x-tag>", "\u3000", "&nbsp;", "<svg><g></g></svg>", "e\u0301",
    "<template><p>q</template>", "<img>", "<button>ok</button>", "\x85", "\f", "<!--c-->", '<i style="display: none">', "</i>",
    "<div aria-hidden=true>", "<select><option>a</select>", "<noscript>off</noscript>", "&#0;", "\x1f",
)  # fmt: skip
PAGES = st.lists(st.sampled_from(BITS), max_size=40).map("".join)


def assert_walked_alike(html: str) -> None:
    document, expected = read_document(html), walk_slowly(html)
    blocks = document.blocks
    _, _, links, images, _ = blocks.counts.tolist()
    _, _, _, _, _, depth, _ = blocks.shape.tolist()
    found = zip(blocks.texts, blocks.container, blocks.link_chars, links, images, strict=True)
    containers = zip(blocks.parent, blocks.tag, blocks.names, blocks.hidden, blocks.start, blocks.end, depth, strict=True)
    for row, values in ((0, blocks.container), (1, blocks.link_chars)):
        assert blocks.counts[row].tolist() == values
    for row, values in ((1, blocks.parent), (3, blocks.start), (4, blocks.end)):
        assert blocks.shape[row].tolist() == values
    assert [blocks.called[number] for number in blocks.shape[6].tolist()] == blocks.names
    tags = [tag for _, tag, _ in document.elements]

    assert list(found) == expected.blocks
    assert [list(container) for container in containers] == expected.containers
    assert tags[tags.index("body") :] == expected.elements


def assert_pieces_alike(html: str, source: int, length: int) -> None:
    body = LexborHTMLParser(html).body
    assert body is not None
    kinds = bytearray(256)
    for kind, tags in ((1, ("svg", "script")), (2, ("h1", "button"))):
        for tag in tags:
            kinds[TAG_IDS[tag]] = kind
    found = walking.pieces(body, bytes(kinds), 10**6, 10**6, source, length)

    assert found == pieces_slowly(body, {"svg", "script"}, {"h1", "button"}, source, length)
    for address in found[1]:
        assert walking.node_at(body, address).mem_id == address


@given(PAGES)
@example("<pre>\n a <br>\n</pre><a>b<div>c</div></a>")
def test_a_walk_finds_what_a_slow_one_finds(html: str) -> None:
    assert_walked_alike(f"<body>{html}")


@given(PAGES, st.integers(1, 12), st.integers(1, 12))
def test_pieces_are_what_a_slow_walk_finds(html: str, source: int, length: int) -> None:
    assert_pieces_alike(f"<body>{html}", source, length)


@given(PAGES, st.integers(1, 30), st.integers(1, 12))
def test_texts_are_what_a_slow_walk_finds(html: str, nodes: int, length: int) -> None:
    body = LexborHTMLParser(f"<body>{html}").body
    assert body is not None
    kinds = bytes(number == TAG_IDS["script"] for number in range(256))

    assert walking.texts(body, kinds, nodes, length) == texts_slowly(body, {"script"}, nodes, length)


def test_real_pages_are_walked_alike() -> None:
    with tarfile.open(corpus("wcxb") / "html.tar.xz") as archive:
        for number, member in enumerate(archive):
            if number % 40 == 1 and (file := archive.extractfile(member)):
                html = file.read().decode("utf-8", "replace")
                assert_walked_alike(html)
                assert_pieces_alike(html, 500, 250)


@given(PAGES, st.text(max_size=20))
def test_any_page_has_finite_features(html: str, title: str) -> None:
    blocks = read_document(html).blocks
    if blocks.texts:
        rows = measure(blocks, title, load_scores()).rows
        assert rows.shape == (len(FEATURES), len(blocks.texts))
        assert np.isfinite(rows).all()


@given(st.binary(max_size=200) | PAGES.map(lambda html: html.encode("utf-16")))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(PageError):
        assert read_page(body, "https://a.example/").url == "https://a.example/"


def test_a_letter_has_the_lower_case_that_it_has_in_any_text() -> None:
    letters = "".join(map(chr, range(0x40000))).replace("\u0130", "").replace("\u03a3", "")
    lower = alphabet().chars & 0x3FFFF

    assert [chr(lower[ord(letter)]) for letter in letters] == list(f"a{letters}a".lower()[1:-1])
    assert not any(chr(code).isupper() or chr(code).isalnum() for code in range(0x40000, 0x110000))


def test_a_table_finds_its_words_and_no_others() -> None:
    table = Table(joined([f"word{number}" for number in range(5000)]), np.arange(5000))

    assert len(set(table._entries[:, 0].tolist())) == 5001  # and 0, of empty places


WITHOUT_LIBRARY = (
    "import ctypes; real = ctypes.CDLL\n"
    "def broken(name, *rest):\n"
    "    if 'reading/native' in str(name): raise OSError('gone')\n"
    "    return real(name, *rest)\n"
    "ctypes.CDLL = broken\n"
)
WITHOUT_MODULE = "import sys; sys.modules['collectors.reading.native.walking'] = None\n"


@pytest.mark.parametrize("broken", [WITHOUT_LIBRARY, WITHOUT_MODULE])
def test_a_library_that_was_not_built_says_how_to_mend_it(broken: str) -> None:
    program = broken + "import collectors.reading.page"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "install dozor again" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("place", range(6))
def test_a_tree_of_another_layout_is_refused(place: int) -> None:
    def moved(node: LexborNode) -> list[int]:
        facts = list(walking.node_facts(node))
        facts[place] += 8
        return facts

    with pytest.raises(ImportError, match=r"uv\.lock"):
        check_layout(moved)
