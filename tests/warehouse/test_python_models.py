import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from transforms.models import Model, core_mention_found, models
from warehouse import python_models
from warehouse.python_models import run_python_model
from warehouse.writer import open_build

SCHEMA = pa.schema([("number", pa.int64()), ("double", pa.int64())])
QUERY = "SELECT range AS number FROM range(10)"
SMALL = {"factor": "SELECT 2 AS factor"}


def rows(table: pa.Table, small: Mapping[str, pa.Table]) -> pa.Table:
    factor = small["factor"]["factor"][0]
    return table.append_column("double", pc.multiply(table["number"], factor))


@pytest.mark.parametrize("is_spawned", [False, True], ids=["in this process", "in spawned processes"])
def test_a_python_model_gets_rows_and_small_tables_and_gives_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_spawned: bool
) -> None:
    monkeypatch.setattr(python_models, "ROWS_PER_TASK", 2048 if is_spawned else 20_000)
    monkeypatch.setattr(python_models, "ROWS_WORTH_A_PROCESS", 1 if is_spawned else 5_000)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    module: ModuleType = sys.modules[__name__]
    query = QUERY.replace("10", "5000") if is_spawned else QUERY
    model = Model(name="core.double", about="", grain=("number",), needs=(), sql=query, module=module)
    with open_build(tmp_path, "test") as connection:
        found = connection.execute(run_python_model(connection, tmp_path, model, query, SMALL)).fetchall()

    assert found == [(number, 2 * number) for number in range(5000 if is_spawned else 10)]


TOPICS = "SELECT 'tea' AS project_id, 'cup' AS topic_id, '{query}' AS query, NULL::VARCHAR AS macros, NULL::VARCHAR AS entity_id"
NO_MODEL = "SELECT NULL::VARCHAR AS folder, NULL::VARCHAR AS version WHERE false"
TEXTS = """SELECT 'r1' AS record_id, 'site' AS source, 'post' AS kind, NULL::TIMESTAMP AS published_at, NULL::VARCHAR AS title,
    'A cup of tea' AS text, NULL::VARCHAR AS author, NULL::VARCHAR AS channel_title, NULL::VARCHAR AS url, 'en' AS lang,
    NULL::VARCHAR AS country, NULL::DOUBLE AS rating_value, NULL::BIGINT AS follower_count, NULL::BOOLEAN AS is_ad,
    NULL::VARCHAR AS ad_erid, NULL::VARCHAR AS role, ['tea'] AS project_ids"""


class Mentions(NamedTuple):
    """Builds of core.mention_found in one store, and how many times its queries were compiled."""

    store: Path
    compiled: list[int]

    def terms(self, query: str) -> list[str]:
        model = next(model for model in models() if model.name == "core.mention_found")
        with open_build(self.store, "test") as connection:
            select = run_python_model(
                connection, self.store, model, TEXTS, {"topic": TOPICS.format(query=query), "sentiment_model": NO_MODEL}
            )
            return [term for (terms,) in connection.sql(f"SELECT matched_terms FROM ({select})").fetchall() for term in terms]

    def kept(self) -> list[Path]:
        return sorted(self.store.rglob("core.mention_found.*.prepared"))


@pytest.fixture
def mentions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mentions:
    built = Mentions(tmp_path, [])
    compile_them = core_mention_found.prepare

    def counted(small: Mapping[str, pa.Table]) -> core_mention_found.Prepared:
        built.compiled.append(small["topic"].num_rows)
        return compile_them(small)

    monkeypatch.setattr(core_mention_found, "prepare", counted)
    return built


def test_queries_that_did_not_change_are_not_compiled_again(mentions: Mentions) -> None:
    assert [mentions.terms("cup"), mentions.terms("cup")] == [["cup"], ["cup"]]
    assert mentions.compiled == [1]


def test_a_changed_query_is_compiled_and_the_old_one_is_still_kept(mentions: Mentions) -> None:
    assert [mentions.terms("cup"), mentions.terms("tea"), mentions.terms("cup")] == [["cup"], ["tea"], ["cup"]]
    assert mentions.compiled == [1, 1]


def test_no_more_than_a_few_compiled_sets_are_kept(mentions: Mentions) -> None:
    for number in range(python_models.KEPT + 2):
        mentions.terms(f"cup OR word{number}")

    assert len(mentions.kept()) == python_models.KEPT


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda stored: b"", id="empty"),
        pytest.param(lambda stored: stored[: len(stored) // 2], id="cut off"),
        pytest.param(lambda stored: stored[:-9] + bytes([stored[-9] ^ 1]) + stored[-8:], id="a bit turned"),
        pytest.param(lambda stored: pickle.dumps("something else"), id="another pickle"),
    ],
)
def test_a_compiled_set_that_broke_on_the_disk_is_made_anew(mentions: Mentions, broken: Callable[[bytes], bytes]) -> None:
    mentions.terms("cup")
    (path,) = mentions.kept()
    whole = path.read_bytes()
    path.write_bytes(broken(whole))

    assert mentions.terms("cup") == ["cup"]
    assert mentions.compiled == [1, 1]
    assert mentions.terms("cup") == ["cup"]
    assert mentions.compiled == [1, 1]
