"""The DAGs: thin, quick to import, and calling nothing that is not there."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dozor.airflow import Airflow

ROOT = Path(__file__).resolve().parent.parent
DAGS = ("monitor", "warehouse", "backfill")
PACKAGES = ("dags", "dozor", "warehouse", "transforms", "collectors")

# Imports Airflow first, then the DAG file: what is measured and listed is what the file itself brings.
_IMPORT = """
import json, os, sys, time
import airflow.sdk
before = set(sys.modules)
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "socket.connect" else None)
started = time.process_time()
module = __import__("dags.{name}", fromlist=["*"])
seconds = time.process_time() - started
dags = {{}}
for value in vars(module).values():
    if isinstance(value, airflow.sdk.DAG):
        dags[value.dag_id] = {{
            "tags": sorted(value.tags), "doc": value.doc_md, "max_active_runs": value.max_active_runs, "catchup": value.catchup,
            "params": sorted(value.params), "display": value.dag_display_name,
            "tasks": {{
                task.task_id: {{
                    "retries": task.retries if not task.is_mapped else task.partial_kwargs.get("retries"),
                    "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)), "doc": task.doc_md,
                    "outlets": [asset.name for asset in task.outlets],
                    "map_name": task.map_index_template if not task.is_mapped else task.partial_kwargs.get("map_index_template"),
                    "downstream": sorted(task.downstream_task_ids),
                    "group": task.task_group.group_id if task.task_group else None,
                    "is_mapped": bool(task.is_mapped) or any(True for _ in task.iter_mapped_task_groups()),
                }}
                for task in value.tasks
            }},
        }}
print(json.dumps({{"seconds": seconds, "modules": sorted(set(sys.modules) - before), "opened": opened, "dags": dags}}))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What importing each DAG file does, in a process of its own."""
    home = tmp_path_factory.mktemp("airflow")
    return {name: import_alone(name, home) for name in DAGS}


@pytest.fixture(scope="module")
def dags(files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {dag_id: dag for found in files.values() for dag_id, dag in found["dags"].items()}


def import_alone(name: str, home: Path) -> dict[str, Any]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _IMPORT.format(name=name)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", DAGS)
def test_a_dag_file_imports_within_a_second_and_does_nothing(name: str, files: dict[str, dict[str, Any]]) -> None:
    imported = files[name]
    assert imported["seconds"] < 1.0
    assert imported["opened"] == []
    heavy = {"duckdb", "httpx", "pandas", "pyarrow", "selectolax", "dozor.steps", "dozor.refreshing", "collectors.fetch"}
    assert not heavy & set(imported["modules"])


def test_every_dag_says_what_it_is_and_runs_once_at_a_time(dags: dict[str, Any]) -> None:
    assert set(dags) == {"dozor_hourly", "dozor_nightly", "dozor_weekly", "dozor_warehouse", "dozor_backfill"}
    for dag in dags.values():
        assert "dozor" in dag["tags"]
        assert len(dag["doc"]) > 100
        assert dag["display"].startswith("dozor: ")
        assert (dag["max_active_runs"], dag["catchup"]) == (1, False)


def test_collecting_is_mapped_over_sources_by_readable_names(dags: dict[str, Any]) -> None:
    tasks = dags["dozor_nightly"]["tasks"]
    assert tasks["begin"]["downstream"] == ["due", "outcome", "source.collect", "source.parse"]
    for name in ("source.collect", "source.parse"):
        assert tasks[name]["group"] == "source"
        assert tasks[name]["is_mapped"]
        assert "shard" in tasks[name]["map_name"]
        assert tasks[name]["retries"] == 2
    assert "source.parse" in tasks["source.collect"]["downstream"]


def test_a_failed_source_holds_back_neither_the_warehouse_nor_the_red_mark(dags: dict[str, Any]) -> None:
    tasks = dags["dozor_nightly"]["tasks"]
    assert tasks["announce"]["trigger_rule"] == "all_done"
    assert tasks["announce"]["outlets"] == ["dozor-batches"]
    assert tasks["outcome"]["trigger_rule"] == "all_done"
    assert tasks["outcome"]["retries"] == 0
    assert tasks["outcome"]["downstream"] == []


def test_a_published_warehouse_is_an_asset_that_others_may_wait_for(dags: dict[str, Any]) -> None:
    tasks = dags["dozor_warehouse"]["tasks"]
    assert tasks["refresh"]["outlets"] == ["dozor-warehouse"]
    assert tasks["refresh"]["downstream"] == ["report"]


def test_a_backfill_asks_by_a_form(dags: dict[str, Any]) -> None:
    assert dags["dozor_backfill"]["params"] == ["files", "mode", "since", "sources", "until"]
    assert dags["dozor_nightly"]["params"] == ["sources"]


def sources_of(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_only_references_pass_between_tasks_and_no_pool_is_named() -> None:
    for name in DAGS:
        tree = ast.parse((ROOT / "dags" / f"{name}.py").read_text(encoding="utf-8"))
        tasks = [
            function
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            and any("task" in ast.unparse(decorator).partition("(")[0].split(".") for decorator in function.decorator_list)
        ]
        assert tasks, name
        returned = {ast.unparse(function.returns) for function in tasks if function.returns}
        assert returned <= {"None", "str", "list[str]"}, name  # ids, names and paths: never rows or pages
        assert not [keyword for keyword in ast.walk(tree) if isinstance(keyword, ast.keyword) and keyword.arg == "pool"]


def test_airflow_is_served_on_this_machine_only(tmp_path: Path) -> None:
    environment = Airflow(tmp_path, 8080, tmp_path / "dozor.yml").environment()
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert (tmp_path / "jwt-secret").stat().st_mode & 0o077 == 0


def test_only_the_dags_import_airflow() -> None:
    importing = {
        package
        for package in PACKAGES
        for _, tree in sources_of(package)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == "airflow" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "airflow" and not node.level)
    }
    assert importing == {"dags"}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call of a function of dozor in the DAGs: module, function, call."""
    for _, tree in sources_of("dags"):
        modules = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "dozor"
            for alias in node.names
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=function)) if module in modules:
                    yield module, function, node


@pytest.mark.parametrize(("module", "function", "call"), list(calls()), ids=lambda value: value if isinstance(value, str) else "")
def test_tasks_call_functions_of_dozor_with_parameters_that_exist(module: str, function: str, call: ast.Call) -> None:
    signature = inspect.signature(getattr(import_module(f"dozor.{module}"), function))
    named = {keyword.arg: object() for keyword in call.keywords if keyword.arg}
    signature.bind(*([object()] * len(call.args)), **named)


def test_no_task_has_a_parameter_that_airflow_names_itself() -> None:
    reserved = {"run_id", "dag", "task", "ti", "params", "conn", "var", "ds", "ts", "logical_date", "task_instance", "dag_run"}
    for path, tree in sources_of("dags"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                assert not {argument.arg for argument in node.args.args} & reserved, f"{path.name}: {node.name}"


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> dict[str, SimpleNamespace]:
    """Connections by id, where Airflow would have them."""
    pytest.importorskip("airflow.sdk")
    from airflow.sdk.exceptions import AirflowNotFoundException

    known: dict[str, SimpleNamespace] = {}

    def get(name: str) -> SimpleNamespace:
        if name not in known:
            raise AirflowNotFoundException(name)
        return known[name]

    monkeypatch.setattr("airflow.sdk.Connection.get", get)
    return known


def test_a_secret_is_looked_up_in_the_connection_then_in_the_environment(
    connection: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dags.credentials import from_connections

    monkeypatch.setenv("DOZOR_META_ADS_TOKEN", "from-environment")
    monkeypatch.setenv("DOZOR_META_ADS_SECRET", "other")
    assert from_connections("meta_ads", None)("token") == "from-environment"
    connection["dozor_meta_ads"] = SimpleNamespace(extra_dejson={"app": "a1"}, password="from-connection", login="me")
    secret = from_connections("meta_ads", None)
    found = [secret(key) for key in ("token", "login", "app", "secret", "nothing")]
    assert found == ["from-connection", "me", "a1", "other", None]


def test_an_account_has_a_connection_of_its_own(connection: dict[str, SimpleNamespace]) -> None:
    from dags.credentials import from_connections

    connection["dozor_meta_ads"] = SimpleNamespace(extra_dejson={}, password="main", login=None)
    connection["dozor_meta_ads_agency"] = SimpleNamespace(extra_dejson={"token": "theirs"}, password="x", login=None)
    assert from_connections("meta_ads", "agency")("token") == "theirs"
    assert from_connections("meta_ads", "other")("token") is None


@pytest.mark.slow
def test_the_nightly_dag_gives_what_the_plain_steps_give(tmp_path: Path) -> None:
    """Case 221: two nights of the demo, the second played by Airflow, hold the same as two played by the plain steps."""
    from datetime import date

    from dozor.demo.play import night_in_airflow, play
    from tests.pipeline.nights import contents

    last = date(2026, 11, 20)
    plain = play(tmp_path / "plain", last, nights=2, say=lambda _: None)
    by_airflow = play(tmp_path / "airflow", last, nights=2, say=lambda _: None, last_night=night_in_airflow)
    # The demo's hosts answer on another port in each play, and ports are part of addresses, thus of ids and texts.
    assert counts(by_airflow.settings.store) == counts(plain.settings.store)
    assert contents(by_airflow.settings.store).keys() == contents(plain.settings.store).keys()


def counts(store: Path) -> dict[str, int]:
    import duckdb

    with duckdb.connect(str((store / "warehouse.duckdb").resolve()), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN ('obs', 'core', 'mart') ORDER BY 1"
        ).fetchall()
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for (name,) in tables}
