"""The command line: it teaches, it says in a line what is wrong, and it reads the warehouse without touching anything else."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from rich.console import Console

from collectors.source import Capture
from dozor import cli
from dozor.progress import collecting
from dozor.workers import Workers
from tests.pipeline.nights import Site, ask, night, serving, settings_for
from warehouse.writer import WriterBusy

WATCHLIST = """
projects:
  - id: tea
    title: Tea
    language: en
    timezone: UTC
    currency: GBP
    entities:
      - id: kettle
        name: Kettle
        is_own: true
        domains: [kettle.example]
        watches:
          - site: http://kettle.example:{port}/
    topics:
      - id: parcels
        title: Parcels
        query: parcel AND late
"""
FORMULA = "\uff1dHYPERLINK(0)"  # a full-width equals sign, which a spreadsheet takes for one


class Answer(NamedTuple):
    code: int
    out: str
    err: str


Dozor = Callable[..., Answer]


@pytest.fixture
def dozor(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Dozor:
    """Runs `dozor ...` as the program does, in this process."""

    def run(*words: str, typed: str = "") -> Answer:
        monkeypatch.setattr(sys, "argv", ["dozor", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        monkeypatch.setenv("COLUMNS", "200")
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation after one night; tests only read it."""
    folder = tmp_path_factory.mktemp("cli")
    site = Site()
    site.put("kettle.example", "/", f"<title>{FORMULA}</title><h1>Kettle</h1><p>Teas.</p><a href='/a'>a</a>")
    site.put("kettle.example", "/a", "<title>A tea</title><p>Green tea, 20 g, in a tin.</p>")
    with serving(site), pytest.MonkeyPatch.context() as patch:
        patch.setattr("dozor.parsing.SECONDS_PER_CAPTURE", 60.0)  # the machine of the tests may be busy
        settings = settings_for(folder, site, WATCHLIST)
        with Workers(1) as pool:
            night(settings, pool)
    (folder / "dozor.yml").write_text("store: store\nwatchlist: watchlist.yml\ncontact: me@dozor.example\n", encoding="utf-8")
    return folder


@pytest.fixture
def here(played: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(played)
    return played


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands() -> Iterator[tuple[str, ...]]:
    group: Any = typer.main.get_command(cli.build())
    for name, command in group.commands.items():
        yield (name,)
        for inner in getattr(command, "commands", ()):
            yield (name, inner)


def test_the_table_of_commands_is_what_the_modules_define() -> None:
    for module, names in cli.COMMANDS.items():
        group: Any = typer.main.get_command(cli.build(names[0]))
        assert set(group.commands) == set(names), module


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_says_what_it_is_for_and_every_option_too(words: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(cli.build(words[0]))
    for word in words:
        command = command.commands[word]
    assert len(command.help or "") > 30
    for option in command.params:
        assert getattr(option, "help", None) or (option.param_type_name == "argument" and option.required), option.name


def test_help_is_shown_without_a_command_and_names_the_first_steps(dozor: Dozor) -> None:
    answer = dozor("--help")
    assert answer.code == 0
    assert "dozor init" in answer.out


def test_init_writes_files_that_validate_accepts_and_both_say_what_comes_next(nowhere: Path, dozor: Dozor) -> None:
    first = dozor("init")
    assert first.code == 0
    assert "dozor validate" in first.out
    assert {path.name for path in nowhere.iterdir()} == {"watchlist.yml", "dozor.yml", "watchlist.schema.json"}
    second = dozor("validate")
    assert second.code == 0, second
    assert "is valid" in second.out
    assert "contact" in second.out
    assert "dozor run" in second.out


def test_init_leaves_what_is_there(nowhere: Path, dozor: Dozor) -> None:
    (nowhere / "watchlist.yml").write_text("mine", encoding="utf-8")
    assert "left as it is" in dozor("init").out
    assert (nowhere / "watchlist.yml").read_text(encoding="utf-8") == "mine"


def test_validate_prints_the_schema_for_editors(dozor: Dozor) -> None:
    assert "projects" in json.loads(dozor("validate", "--schema").out)["properties"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("watchlist.yml", "projects:\n  - id: tea\n    titel: Tea\n", ":3"),
        ("watchlist.yml", "projects: [", "watchlist.yml:"),
        ("dozor.yml", "contakt: me\n", "contakt"),
        ("dozor.yml", "workers: many\n", "workers"),
        ("dozor.yml", "- one\n", "key: value"),
    ],
)
def test_a_file_to_mend_is_named_in_lines_and_the_code_is_2(name: str, text: str, said: str, nowhere: Path, dozor: Dozor) -> None:
    dozor("init")
    (nowhere / name).write_text(text, encoding="utf-8")
    answer = dozor("validate")
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_query_that_cannot_be_read_is_named_by_validate(nowhere: Path, dozor: Dozor) -> None:
    dozor("init")
    path = nowhere / "watchlist.yml"
    path.write_text(re.sub(r"query: .*", 'query: "((tea"', path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    answer = dozor("validate")
    assert answer.code == 2
    assert "the query of topic north-tea/" in answer.err
    assert "bracket" in answer.err
    assert dozor("topics", "check").code == 2


def test_an_ignore_rule_that_the_warehouse_cannot_use_is_named_by_validate(nowhere: Path, dozor: Dozor) -> None:
    dozor("init")
    path = nowhere / "watchlist.yml"
    path.write_text(re.sub(r"ignore: .*", "ignore: ['(?=now)read']", path.read_text(encoding="utf-8")), encoding="utf-8")
    answer = dozor("validate")
    assert answer.code == 2
    assert "ignore rule '(?=now)read' cannot be used" in answer.err


def test_validate_tells_mistakes_of_every_kind_at_once_with_their_lines(nowhere: Path, dozor: Dozor) -> None:
    (nowhere / "watchlist.yml").write_text(
        """projects:
  - id: tea
    title: Tea
    currency: pounds
    macros: {open: "((tea"}
    watches:
      - page: kettle.example
        ignore:
          - '['
          - '(?=now)read'
    topics:
      - id: parcels
        query: parcel AND
      - {id: tea, query: $open}
""",
        encoding="utf-8",
    )
    answer = dozor("validate")
    told = [line.split(":")[1] for line in answer.err.splitlines() if line.startswith("watchlist.yml:")]
    assert (answer.code, told) == (2, ["4", "9", "10", "13", "14"])


def test_what_to_think_about_in_a_query_is_told_with_its_line(nowhere: Path, dozor: Dozor) -> None:
    (nowhere / "watchlist.yml").write_text(
        "projects:\n  - id: tea\n    title: Tea\n    topics:\n      - {id: t, query: black tea OR coffee}\n", encoding="utf-8"
    )
    answer = dozor("validate")
    assert (answer.code, "watchlist.yml:5: the query of topic tea/t: " in answer.out) == (0, True)


@pytest.mark.parametrize("words", [("validate",), ("run",), ("collect",)])
def test_without_a_watchlist_init_is_named(words: tuple[str, ...], nowhere: Path, dozor: Dozor) -> None:
    answer = dozor(*words)
    assert (answer.code, "dozor init" in answer.err) == (2, True)


@pytest.mark.parametrize(
    "words", [("validate",), ("run",), ("collect",), ("refresh",), ("backfill", "--since", "2026-11-01")], ids=" ".join
)
def test_a_watchlist_that_is_not_utf8_is_named_with_its_line_by_every_command(
    words: tuple[str, ...], nowhere: Path, dozor: Dozor
) -> None:
    (nowhere / "dozor.yml").write_text("contact: me@dozor.example\n", encoding="utf-8")
    (nowhere / "watchlist.yml").write_bytes("projects:\n- title: Чай".encode("cp1251"))
    answer = dozor(*words)
    assert (answer.code, answer.err) == (2, "watchlist.yml:2: not UTF-8: save the file as UTF-8\n")


@pytest.mark.parametrize("words", [("sql", "SELECT 1"), ("report",), ("export", "core.page")])
def test_without_a_warehouse_the_next_step_is_named(words: tuple[str, ...], nowhere: Path, dozor: Dozor) -> None:
    answer = dozor(*words)
    assert (answer.code, "dozor run" in answer.err, answer.out) == (1, True, "")


@pytest.mark.parametrize("words", [("label", "--csv", "no.csv"), ("match", "--queries", "no.txt"), ("read", "no.html")])
def test_a_file_that_is_not_there_is_named_without_a_traceback(words: tuple[str, ...], nowhere: Path, dozor: Dozor) -> None:
    answer = dozor(*words)
    assert answer.code in (1, 2)
    assert words[-1] in answer.err + answer.out
    assert "Traceback" not in answer.err


def test_an_unknown_source_is_named(nowhere: Path, dozor: Dozor) -> None:
    dozor("init")
    answer = dozor("collect", "--source", "telegramm")
    assert answer.code == 2
    assert "telegramm" in answer.err
    assert "dozor sources" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--cadence", "nigthly"), "nightly"),
        (("collect", "--source", "telegram_chanel"), "Did you mean telegram_channel?"),
        (("collect", "--run", "../x"), "letters, digits"),
        (("parse", "--run", "nothing"), "no run"),
        (("demo", "--day", "yesterday"), "YYYY-MM-DD"),
        (("prune", "--older-than", "2026"), "YYYY-MM-DD"),
        (("erase", "--reason", "asked"), "--url"),
        (("accept", "site", "page", "2026-13-01", "--reason", "seen"), "YYYY-MM-DD"),
        (("accept", "site", "page", "2026-11-01", "--reason", " "), "--reason"),
        (("accept", "site", "../page", "2026-11-01", "--reason", "seen"), "dozor status"),
        (("accept", "nobody", "page", "2026-11-01", "--reason", "seen"), "dozor status"),
        (("backfill",), "--since"),
        (("backfill", "--since", "2126-01-01"), "empty"),
        (("backfill", "--reparse", "--since", "yesterday"), "YYYY-MM-DD"),
        (("backfill", "--reparse", "--source", "telegram_chanel"), "Did you mean telegram_channel?"),
        (("backfill", "--warc", "nothing.warc"), "nothing.warc: no such file"),
        (("label", "x", "negative"), "record_id"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_code_2_and_says_what_would_be_right(  # G-39
    words: tuple[str, ...], said: str, nowhere: Path, dozor: Dozor
) -> None:
    dozor("init")
    answer = dozor(*words)
    assert answer.code == 2, answer
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert not (nowhere / "dozor-data" / "runs").exists()  # a run that was none would be what `dozor parse` reads next


def test_what_was_said_of_a_watch_stands_below_the_table_in_one_line(nowhere: Path, dozor: Dozor) -> None:
    (nowhere / "dozor.yml").write_text("contact: me@dozor.example\n", encoding="utf-8")
    (nowhere / "watchlist.yml").write_text(WATCHLIST.format(port=1).replace("http://kettle.example:1/", "http://127.0.0.1/"))
    answer = dozor("collect")
    assert answer.code == 0  # refused by a rule of ours, as by robots.txt: nothing failed
    assert "site collect http://127.0.0.1/: " in answer.out
    assert "loopback" in next(line for line in answer.out.splitlines() if line.startswith("site collect"))


def test_money_is_shown_without_the_places_it_does_not_use(here: Path, dozor: Dozor) -> None:
    answer = dozor("sql", "SELECT 340.0000 AS a, 17.5500 AS b, 100 AS c, 0.0000::DECIMAL(18, 4) AS d")
    assert [cell.strip() for cell in answer.out.splitlines()[3].strip("│").split("│")] == ["340", "17.55", "100", "0"]


def test_a_run_without_a_contact_is_refused_with_the_line_that_mends_it(nowhere: Path, dozor: Dozor) -> None:
    dozor("init")
    for words in (("collect", "--source", "hacker_news"), ("run",), ("backfill", "--since", "2026-11-01")):
        answer = dozor(*words)
        assert (answer.code, "contact:" in answer.err) == (2, True), words
    assert not (nowhere / "dozor-data").exists()


@pytest.mark.parametrize("words", [("validate",), ("run",), ("collect",)], ids=" ".join)
def test_a_contact_that_cannot_be_used_is_named_before_anything_is_asked(
    words: tuple[str, ...], nowhere: Path, dozor: Dozor
) -> None:
    dozor("init")
    (nowhere / "dozor.yml").write_text("contact: Ivan\n", encoding="utf-8")
    answer = dozor(*words)
    assert answer.code == 2
    assert answer.err.startswith("dozor.yml:1: contact: 'Ivan' is no URL")
    assert len(answer.err.splitlines()) == 1


def test_somebody_else_writing_is_code_75(here: Path, dozor: Dozor, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**_: object) -> None:
        raise WriterBusy("process 1 is writing")

    monkeypatch.setattr("dozor.refreshing.refresh", busy)
    answer = dozor("refresh")
    assert (answer.code, "process 1" in answer.err) == (75, True)


def test_ctrl_c_says_that_nothing_is_lost(here: Path, dozor: Dozor, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dozor.refreshing.refresh", stopped)
    answer = dozor("refresh")
    assert (answer.code, "kept" in answer.err) == (130, True)


@pytest.mark.parametrize("words", [("collect",), ("run",), ("backfill", "--since", "2026-11-01")], ids=" ".join)
def test_the_run_to_go_on_with_after_ctrl_c_is_named_from_the_start(
    words: tuple[str, ...], nowhere: Path, dozor: Dozor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    dozor("init")
    monkeypatch.setenv("DOZOR_CONTACT", "me@dozor.example")
    monkeypatch.setattr("dozor.steps.ask", stopped)
    monkeypatch.setattr("dozor.backfilling.ask", stopped)
    answer = dozor(*words)
    [run] = (nowhere / "dozor-data" / "runs").glob("date=*/*")
    assert (answer.code, "--run" in answer.err) == (130, True)
    assert answer.out.splitlines()[0] == f"Run {run.name} begins."


def test_ctrl_c_in_a_query_ends_it_in_a_word(here: Path, dozor: Dozor) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    answer = dozor("sql", "SELECT count(*) FROM range(1000000000) AS a, range(1000000) AS b")
    timer.join()
    assert answer == (130, "", "Stopped.\n")


def test_status_before_the_first_run_says_what_to_do(nowhere: Path, dozor: Dozor) -> None:
    dozor("init")
    answer = dozor("status")
    assert answer.code == 0
    assert "none yet" in answer.out
    assert "dozor run" in answer.out


def test_status_after_a_run_names_each_watch_and_its_outcome(here: Path, dozor: Dozor) -> None:
    answer = dozor("status")
    assert answer.code == 0
    assert "kettle.example" in answer.out
    assert "ok" in answer.out


def test_accepting_a_batch_that_is_not_held_is_wrong_use(here: Path, dozor: Dozor) -> None:
    [(day,)] = ask(here / "store", "SELECT batch_date FROM ops.batch WHERE table_name = 'page'")
    answer = dozor("accept", "site", "page", str(day), "--reason", "seen")
    assert answer.code == 2
    assert f"page/site/{day} is not held: it is loaded" in answer.err


def test_sources_says_what_a_target_looks_like(dozor: Dozor) -> None:
    answer = dozor("sources")
    assert answer.code == 0
    assert "hacker_news" in answer.out


def test_sql_answers_a_statement(here: Path, dozor: Dozor) -> None:
    answer = dozor("sql", "SELECT url, title FROM core.page WHERE title = 'A tea'")
    assert answer.code == 0
    assert "A tea" in answer.out


def test_sql_outside_a_terminal_breaks_and_cuts_no_cell(here: Path, dozor: Dozor) -> None:
    assert "y" * 500 in dozor("sql", "SELECT repeat('y', 500)").out


def test_sql_reads_statements_from_a_pipe_and_the_last_may_lack_its_semicolon(here: Path, dozor: Dozor) -> None:
    answer = dozor("sql", typed="SELECT 40 + 1 AS a;\nSELECT\n 40 + 2 AS b")
    assert answer.code == 0
    assert "41" in answer.out
    assert "42" in answer.out
    assert "dozor>" not in answer.out


def test_a_wrong_statement_in_a_pipe_is_named_and_the_others_are_answered(here: Path, dozor: Dozor) -> None:
    answer = dozor("sql", typed="SELECT nothing FROM nowhere;\nSELECT 40 + 2;\n")
    assert answer.code == 2
    assert "nowhere" in answer.err
    assert "42" in answer.out


def test_a_damaged_warehouse_is_named_with_what_mends_it(
    played: Path, tmp_path: Path, dozor: Dozor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(played, tmp_path / "here", symlinks=True)
    monkeypatch.chdir(tmp_path / "here")
    Path("store/warehouse.duckdb").resolve().write_bytes(b"garbage\n")
    for words in (("sql", "SELECT 1"), ("status",), ("export", "core.page"), ("report",)):
        answer = dozor(*words)
        assert "`dozor refresh`" in answer.out + answer.err, words
        assert "Traceback" not in answer.err
    assert dozor("sql", "SELECT 1").code == 1
    assert "kettle.example" in dozor("status").out


@pytest.mark.parametrize(
    ("script", "figures"),
    [
        ("SELECT 40 + 1; SELECT 40 + 2", ["41", "42"]),
        ("SELECT 40 + 1; -- one\nSELECT 40 + 2;\n-- done\n", ["41", "42"]),
        ("SELECT ';\n' || 43;\n", ["; 43"]),
        ("SELECT 40 + 1; /* the next;\nnot asked: SELECT 1; */ SELECT 40 + 2", ["41", "42"]),
        (";;\nSELECT 40 + 1;\n;", ["41"]),
        ("SELECT 'чай;', 41; SELECT 40 + 2", ["чай;", "41", "42"]),
    ],
)
@pytest.mark.parametrize("is_piped", [True, False], ids=["piped", "given"])
def test_every_statement_is_answered_wherever_its_semicolon_stands(
    script: str, figures: list[str], *, is_piped: bool, here: Path, dozor: Dozor
) -> None:
    answer = dozor("sql", typed=script) if is_piped else dozor("sql", script)
    cells = [cell.strip() for line in answer.out.splitlines() if line.startswith("│") for cell in line.strip("│").split("│")]
    assert (answer.code, cells, answer.err) == (0, figures, "")


@pytest.mark.parametrize("text", ["-- done", "", "/* ; */"])
def test_a_script_that_asks_nothing_is_answered_by_nothing(text: str, here: Path, dozor: Dozor) -> None:
    assert dozor("sql", typed=text) == (0, "", "")


@pytest.mark.parametrize("text", [";", " ", "/* done */"])
def test_an_argument_that_asks_nothing_is_wrong_use(text: str, here: Path, dozor: Dozor) -> None:
    answer = dozor("sql", text)
    assert (answer.code, "no statement" in answer.err) == (2, True)


@pytest.mark.parametrize("text", ["'open;", "SELECT 1 /* open", "SELEC 1"])
def test_a_statement_that_cannot_be_read_is_named_and_those_before_it_are_answered(text: str, here: Path, dozor: Dozor) -> None:
    answer = dozor("sql", f"SELECT 40 + 2; {text}")
    assert (answer.code, "Parser Error" in answer.err, "42" in answer.out) == (2, True, True)


# an analyst's SQL reaches the published file and nothing else.
@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY core.page FROM '/etc/passwd'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/other.duckdb'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '{folder}/dozor.yml'",
        "SELECT * FROM glob('/etc/*')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "RESET lock_configuration",
        "CREATE TABLE core.mine AS SELECT 1",
        "DELETE FROM core.page",
        "DROP TABLE core.page",
        "UPDATE core.page SET title = ''",
        "SELECT getenv('HOME')",
    ],
)
def test_sql_reaches_nothing_but_the_published_file(statement: str, here: Path, dozor: Dozor) -> None:
    before = {path.name for path in here.iterdir()}
    answer = dozor("sql", statement.format(folder=here))
    assert answer.code == 2, answer
    assert "Traceback" not in answer.err
    assert {path.name for path in here.iterdir()} == before


def test_show_prints_the_stored_bytes_and_where_they_came_from(here: Path, dozor: Dozor) -> None:
    capture_id = str(ask(here / "store", "SELECT capture_id FROM ops.capture WHERE url LIKE '%/a' AND http_status = 200")[0][0])
    out = subprocess.run([sys.executable, "-m", "dozor.cli_data"], capture_output=True, check=False)  # imports alone
    assert out.returncode == 0
    assert "Green tea, 20 g" in dozor_bytes(here, "show", capture_id).decode()
    answer = dozor("show", "--facts", capture_id)
    assert "http_status: 200" in answer.out


def dozor_bytes(folder: Path, *words: str) -> bytes:
    program = "import sys; from dozor.cli import main; sys.argv[0] = 'dozor'; main()"
    return subprocess.run([sys.executable, "-c", program, *words], cwd=folder, capture_output=True, check=True).stdout


def test_show_of_an_unknown_capture_says_so(here: Path, dozor: Dozor) -> None:
    answer = dozor("show", "cap_[red]nothing")
    assert answer.code == 1
    assert (answer.out, "cap_[red]nothing" in answer.err) == ("", True)


def test_csv_and_xlsx_run_no_formula_and_parquet_keeps_the_text(here: Path, dozor: Dozor, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for form in ("csv", "xlsx", "parquet"):
        assert dozor("export", "core.page_version", "--format", form, "-o", str(tmp_path / f"out.{form}")).code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        titles = {row["title"] for row in csv.DictReader(file)}
    assert f"'{FORMULA}" in titles
    assert FORMULA not in titles
    assert FORMULA in pq.read_table(tmp_path / "out.parquet")["title"].to_pylist()


@pytest.mark.parametrize("table", ["core.nothing", "core.page; DROP TABLE core.page", "../x", "pg_catalog.pg_class WHERE 1=1"])
def test_export_of_no_table_is_wrong_use(table: str, here: Path, dozor: Dozor) -> None:
    answer = dozor("export", table, "-o", "never.csv")
    assert answer.code == 2
    assert not (here / "never.csv").exists()


def test_topics_are_previewed_over_the_published_texts(here: Path, dozor: Dozor) -> None:
    assert "1 topics read" in dozor("topics", "check").out
    mixed = dozor("topics", "check", "чай И кофе ИЛИ сок")
    assert (mixed.code, "(чай AND кофе) OR сок" in mixed.out) == (0, True)
    assert dozor("topics", "check", "(чай").code == 2
    assert "Found in" in dozor("topics", "preview", "parcels").out
    assert json.loads(dozor("topics", "preview", "tea", "--json").out)["mention_count"] >= 0
    assert "severnyy list" in dozor("topics", "suggest", '"Северный лист"').out
    assert dozor("topics", "preview", "((").code == 2
    assert dozor("topics", "suggest", "((").code == 2


def test_a_query_of_another_system_comes_over_with_what_differs(dozor: Dozor) -> None:
    imported = dozor("topics", "import", "youscan", '"hand cream" | balm')
    assert (imported.code, imported.out) == (0, '="hand cream" OR balm\n')

    imported = dozor("topics", "import", "meltwater", "(tesla)^9 and battery")
    assert imported.out == "(tesla) AND battery\n"
    assert "relevance boost" in imported.err

    imported = dozor("topics", "import", "tgstat", "(чай")
    assert (imported.code, imported.out) == (2, "")
    assert "a bracket is not closed" in imported.err


def test_outside_a_terminal_progress_is_plain_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="dozor")
    capture = Capture.__new__(Capture)
    object.__setattr__(capture, "source", "feed")
    object.__setattr__(capture, "verdict", "ok")
    console = Console(file=io.StringIO(), force_terminal=False)
    with collecting({"feed": 1}, console) as notice:
        notice(capture)
        notice(capture)
    assert caplog.messages == ["feed: 2 ok"]
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (("read", "--help"), ("duckdb", "pandas", "httpx", "pyarrow")),
        (("match", "--help"), ("duckdb", "pandas", "httpx", "pyarrow")),
        (("topics", "--help"), ("duckdb", "pandas", "httpx")),
        (("sql", "--help"), ("httpx", "pandas")),
        (("collect", "--help"), ("pandas",)),
    ],
)
def test_a_command_imports_only_what_it_needs(words: tuple[str, ...], never: tuple[str, ...]) -> None:
    program = (
        "import sys\nfrom dozor.cli import main\nsys.argv[0] = 'dozor'\n"
        "try:\n    main()\nexcept SystemExit:\n    print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert not loaded & set(never)


def test_a_page_that_cannot_be_read_is_named_in_a_line(dozor: Dozor, tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text("<div>" * 50_000, encoding="utf-8")

    answer = dozor("read", str(tmp_path / "deep.html"))

    assert answer.code == 1
    assert answer.err.splitlines() == ["nested too deeply (more than 10,000 levels)"]
