import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from transforms.models import Model
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
