import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.nights import START, ask, capture, contents, offer, post, put, refresh
from warehouse.build import build
from warehouse.checks import check
from warehouse.compact import compact
from warehouse.load import load_pending
from warehouse.publish import NotPublishable, current_file, publish
from warehouse.query import NothingPublished, as_text, connect
from warehouse.writer import open_build


def night(store: Path, day: int) -> None:
    put(store, day, [(capture(f"c{day}", day), [post(day)])])
    refresh(store, day)


def test_readers_with_the_old_file_open_go_on_and_new_ones_see_the_new(store: Path) -> None:
    night(store, 0)
    with connect(store) as reader:
        night(store, 1)
        night(store, 2)
        assert reader.execute("SELECT count(*) FROM core.publication").fetchall() == [(1,)]
        with connect(store) as later:
            assert later.execute("SELECT count(*) FROM core.publication").fetchall() == [(3,)]


# Reads the published file again and again, each time opened anew, until told to stop; says how often, and what was wrong.
READER = """
import duckdb, select, sys
from pathlib import Path
link, reads, last, wrong = Path(sys.argv[1]), 0, 0, []
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0] or reads < int(sys.argv[2]):
    try:
        with duckdb.connect(str(link.resolve()), read_only=True) as connection:
            newest, builds = connection.execute("SELECT max(build_id), count(*) FROM ops.build").fetchone()
    except duckdb.Error as error:
        wrong.append(str(error)[:200])
        continue
    if newest != builds or newest < last:
        wrong.append(f"{newest} of {builds} builds after {last}")
    last, reads = newest, reads + 1
print(reads, wrong[:3])
"""


def read_during_publications(store: Path, publications: int, reads: int) -> list[str]:
    """What two readers say that read so often each while so many versions are published."""
    night(store, 0)
    command = [sys.executable, "-c", READER, str(store / "warehouse.duckdb"), str(reads)]
    readers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    for number in range(2, publications + 2):
        with open_build(store, "test") as connection:
            connection.execute("INSERT INTO ops.build VALUES (?, now()::TIMESTAMP, 0)", [number])
            connection.execute("UPDATE work.state SET value = ? WHERE name = 'checked_build'", [str(number)])
        assert publish(store).build_id == number
    return [reader.communicate("stop")[0] for reader in readers]


@pytest.mark.parametrize(
    ("publications", "reads"), [(20, 200), pytest.param(500, 5_000, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_readers_meet_no_error_and_no_mixed_version_while_others_publish(  # G-3
    publications: int, reads: int, store: Path
) -> None:
    said = read_during_publications(store, publications, reads)

    assert [line.split(maxsplit=1)[1] for line in said] == ["[]\n", "[]\n"]
    assert sum(int(line.split()[0]) for line in said) >= 2 * reads


def test_two_files_are_kept_and_none_has_a_log_beside_it(store: Path) -> None:
    for day in range(3):
        night(store, day)

    assert sorted(path.name for path in store.glob("*warehouse*")) == [
        "warehouse-000002.duckdb",
        "warehouse-000003.duckdb",
        "warehouse.duckdb",
    ]


def test_a_broken_check_blocks_and_the_last_good_file_stays(store: Path) -> None:
    night(store, 0)
    with open_build(store, "test") as connection:
        connection.execute("INSERT INTO core.publication FROM core.publication")
        connection.execute("INSERT INTO ops.build VALUES (2, now()::TIMESTAMP, 0)")
    broken = check(store)

    assert [(rule.name, rule.bad_rows) for rule in broken] == [("core.publication is unique by record_id", 1)]
    with pytest.raises(NotPublishable, match=r"core\.publication is unique by record_id: 1 rows"):
        publish(store)
    assert ask(store, "SELECT count(*) FROM core.publication") == [(1,)]


def test_what_was_loaded_and_not_built_or_checked_is_not_published(store: Path) -> None:
    put(store, 0, [(capture("c0"), [post()])])
    load_pending(store)
    with pytest.raises(NotPublishable, match="build first"):
        publish(store)
    build(store, now=START)
    with pytest.raises(NotPublishable, match="check first"):
        publish(store)


def test_an_observation_without_its_capture_is_found(store: Path) -> None:
    put(store, 0, [(capture("c0"), [post()])])
    load_pending(store)
    build(store, now=START)
    with open_build(store, "test") as connection:
        connection.execute("UPDATE ops.capture SET capture_id = 'other'")

    assert "obs.publication.capture_id leads to ops.capture" in [rule.name for rule in check(store)]


def test_a_published_file_is_of_the_agreed_storage_version(store: Path) -> None:
    night(store, 0)
    with duckdb.connect(str(current_file(store)), read_only=True) as connection:
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()

    assert "v1.5.0" in str(tags)


def test_nothing_published_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished, match="dozor run"):
        connect(tmp_path)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY core.publication TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "DELETE FROM core.publication",
    ],
)
def test_a_query_cannot_leave_or_change_the_published_file(store: Path, sql: str) -> None:
    night(store, 0)
    with connect(store) as connection, pytest.raises(duckdb.Error):
        connection.execute(sql)


def test_values_for_a_terminal_are_one_line_and_harmless() -> None:
    assert as_text("a\x1b[31m\nb") == "a [31m b"
    assert as_text(None) == ""
    assert as_text(["a", 0.5]) == "a, 0.5"
    assert as_text("x" * 20, 5) == "xxxx…"


def test_compacting_leaves_no_bytes_of_deleted_rows_and_keeps_all_others(store: Path) -> None:
    secret = "unmistakable-secret-name"
    put(store, 0, [(capture("c0"), [post(1, secret), offer()])])
    refresh(store, 0)
    put(store, 0, [(capture("c0"), [post(2, "kept"), offer()])], version="2")
    refresh(store, 1)
    before = contents(store / "warehouse.duckdb")
    compact(store)

    assert contents(store / "warehouse.duckdb") == before
    for path in [*store.glob("warehouse-*.duckdb"), *(store / "work").glob("*.duckdb*")]:
        assert secret.encode() not in path.read_bytes(), path.name
    assert len(list(store.glob("warehouse-*.duckdb"))) == 1
    with connect(store) as connection:
        comments = connection.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL AND schema_name <> 'work'"
        ).fetchone()
    assert comments == (0,)
    night(store, 3)
