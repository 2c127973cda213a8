import csv
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.nights import capture, offer, put, refresh
from warehouse.export import export, harmless
from warehouse.query import connect

HOSTILE = ["=1+1", "+7", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋7", "－1", "＠x", " =1", "|cmd"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_that_would_be_a_formula_is_quoted(text: str) -> None:  # R-226, G-13
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("value", ["Samovar", "", None, 5, -5, "a=b", "«чай»"])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert harmless(value) == value


@given(st.text())
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert str(harmless(text))[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@pytest.fixture
def filled(store: Path) -> Path:
    put(store, 0, [(capture("c0"), [offer(name, url=f"https://shop.example/{n}") for n, name in enumerate(HOSTILE)])])
    refresh(store)
    return store


def test_csv_has_every_row_and_no_formula(filled: Path, tmp_path: Path) -> None:  # R-226, G-13
    with connect(filled) as connection:
        assert export(connection, "core.offer", "csv", tmp_path / "out.csv") == len(HOSTILE)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]

    assert sorted(names) == sorted("'" + name for name in HOSTILE)


def test_a_sheet_has_no_formula_and_no_link(filled: Path, tmp_path: Path) -> None:  # R-226, G-13
    with connect(filled) as connection:
        export(connection, "core.offer", "xlsx", tmp_path / "out.xlsx")
    with zipfile.ZipFile(tmp_path / "out.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()

    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "=1+1" in sheet


def test_parquet_has_the_texts_as_they_are(filled: Path, tmp_path: Path) -> None:
    with connect(filled) as connection:
        export(connection, "core.offer", "parquet", tmp_path / "out.parquet")

    assert sorted(pq.read_table(tmp_path / "out.parquet")["name"].to_pylist()) == sorted(HOSTILE)


@pytest.mark.parametrize("table", ["core.nothing", "core.offer; DROP TABLE x", "read_csv('/etc/passwd')", "offer"])
def test_only_a_table_can_be_exported(filled: Path, tmp_path: Path, table: str) -> None:
    with connect(filled) as connection, pytest.raises(ValueError, match="there is no table"):
        export(connection, table, "csv", tmp_path / "out.csv")
