import gzip
import json
import tarfile
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.reading.encoding import codec_of, decode
from collectors.reading.native.spelling import is_plain_utf8
from tests.corpora import corpus

TEXT = "Компания «Ромашка» открыла новый склад в Туле и снизила цены на чайники: 1 290 рублей вместо 1 590."
CYRILLIC = ["windows-1251", "koi8-r", "ibm866", "iso-8859-5", "mac-cyrillic"]


def page(text: str, meta: str = "") -> str:
    return f"<html><head>{meta}<title>{text}</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("codec", CYRILLIC)
def test_an_undeclared_cyrillic_page_is_detected(codec):
    readable = TEXT.replace("«", '"').replace("»", '"')

    assert readable in decode(page(readable).encode(codec))[0]


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        pytest.param(
            "iso-8859-1", "Für Kräutertee kühlt das heiße Wasser zwölf Minuten; größere Kännchen später © " * 3, id="german"
        ),
        pytest.param("iso-8859-15", "Höyryävä tee jäähtyy pöydällä, sitä ei näin äkkiä jätetä. " * 4, id="finnish"),
        pytest.param("iso-8859-2", "Żółta herbata stygnie dwanaście minut, większy dzbanek później. " * 4, id="polish"),
        pytest.param("windows-1250", "Žlutý čaj chladne dvanáct minut, větší konvička později a více. " * 4, id="czech"),
    ],
)
def test_an_undeclared_page_of_latin_letters_is_detected(codec, text):
    assert decode(page(text).encode(codec))[0] == page(text)


@pytest.mark.parametrize("codec", CYRILLIC)
@pytest.mark.parametrize("lie", CYRILLIC)
def test_a_lying_declaration_of_another_cyrillic_encoding_is_not_believed(codec, lie):
    readable = TEXT.replace("«", '"').replace("»", '"')

    assert readable in decode(page(readable, f'<meta charset="{lie}">').encode(codec))[0]


@pytest.mark.parametrize("lie", ["windows-1251", "koi8-r", "iso-8859-1"])
def test_valid_utf8_is_utf8_whatever_is_declared(lie):
    assert decode(page(TEXT, f'<meta charset="{lie}">').encode(), charset=lie) == (page(TEXT, f'<meta charset="{lie}">'), "utf-8")


def test_a_utf8_label_on_windows_1251_bytes_gives_no_replacement_characters():
    text, encoding = decode(page(TEXT, '<meta charset="utf-8">').encode("windows-1251"), charset="utf-8")

    assert TEXT in text
    assert encoding == "windows-1251"


def test_a_utf8_page_with_a_windows_1251_piece_keeps_both():
    body = page(TEXT).encode() + "<p>Наш адрес: Тула</p>".encode("windows-1251")

    text, _ = decode(body)

    assert TEXT in text
    assert "Наш адрес: Тула" in text


def test_a_page_cut_in_the_middle_of_a_character_is_still_utf8():
    text, encoding = decode(TEXT.encode()[:-2] + "я".encode()[:1])

    assert encoding == "utf-8"
    assert "\ufffd" not in text


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_wide_encodings_are_read_with_and_without_a_mark(codec):
    assert page(TEXT) in decode(page(TEXT).encode(codec))[0]


def test_the_http_charset_goes_before_the_meta_element():
    body = page("naïve café crème", '<meta charset="iso-8859-2">').encode("windows-1252")

    assert decode(body, charset="iso-8859-1")[1] == "windows-1252"


@pytest.mark.parametrize("declared", ["iso-8859-1", None])
@pytest.mark.parametrize("text", ["Free from 30 £. © 2026 Samovar House", "Straße, café: 12 €", "© 2026"])
def test_signs_that_stand_alone_make_no_cyrillic_page(text, declared):
    meta = f"<meta charset={declared}>" if declared else ""

    assert text in decode(page(text, meta).encode("windows-1252"), charset=declared)[0]


def test_a_declaration_quoted_inside_json_is_not_its_own():
    body = ('{"html": "<meta charset=koi8-r>", "text": "' + TEXT + '"}').encode("windows-1251")

    assert TEXT in decode(body, "application/json")[0]


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("latin1", "windows-1252"),
        (" UTF8 ", "utf-8"),
        ("gb2312", "gb18030"),
        ("Shift_JIS", "cp932"),
        ("'koi8-r'", "koi8-r"),
        ("none", None),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label, codec):
    assert codec_of(label) == codec


@given(st.binary(max_size=3000), st.sampled_from([None, "utf-8", "windows-1251", "utf-16", "x-unknown", "iso-2022-jp"]))
def test_any_bytes_give_a_text(body, charset):
    text, encoding = decode(body, "text/html", charset)

    assert isinstance(text, str)
    assert encoding


def test_a_large_body_of_noise_takes_bounded_time():
    start = time.process_time()
    decode(bytes(range(128, 256)) * 40_000)

    assert time.process_time() - start < 10


def test_real_files_in_known_encodings():
    folder = corpus("encodings")
    right = cyrillic = cyrillic_right = total = 0
    with tarfile.open(folder / "files.tar.xz") as archive, gzip.open(folder / "index.jsonl.gz", "rt", encoding="utf-8") as index:
        truth = {entry["file"]: entry["encoding"] for entry in map(json.loads, index)}
        for member in archive:
            codec = truth.get(member.name.removeprefix("./"))
            if codec is None or not member.isfile():
                continue
            file = archive.extractfile(member)
            assert file is not None
            body = file.read()
            ok = decode(body)[0].lstrip("\ufeff") == body.decode(codec, "replace").lstrip("\ufeff")
            total += 1
            right += ok
            if any(name in codec.lower() for name in ("koi8", "1251", "8859-5", "866", "855", "cyrillic")):
                cyrillic += 1
                cyrillic_right += ok

    assert total > 50
    assert right / total >= 0.97
    assert cyrillic_right == cyrillic


PIECES = st.one_of(
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=4), st.just(b"tea " * 20)
)


@given(st.lists(PIECES, max_size=8).map(b"".join))
@example(b"tea " * 16 + "ж".encode()[:1])
@example("ж".encode() * 32 + b"tea")
def test_bytes_are_utf8_where_python_reads_them_so(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError:
        is_utf8 = False
    else:
        is_utf8 = b"\x1b" not in body and not (body.isascii() and b"~{" in body)

    assert is_plain_utf8(body) == is_utf8
