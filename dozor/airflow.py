"""Airflow on one machine: everything it keeps in one local folder, SQLite, the DAGs of this checkout.

`python -m dozor.airflow` serves it.

Airflow is started as a program, never imported: the DAGs call our steps, not the other way round.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

DAGS = Path(__file__).resolve().parent.parent / "dags"
START_SECONDS = 180.0
POLL_SECONDS = 1.0


class AirflowError(Exception):
    """Airflow did not start or a run did not end well; says where its log is."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Airflow:
    """An Airflow installation in a folder."""

    home: Path
    port: int
    config: Path  # dozor.yml that its tasks use
    starts_paused: bool = True  # DAGs wait to be switched on

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self) -> dict[str, str]:
        """What the `airflow` program must be told: one folder, no examples, no accounts to make, nothing sent home."""
        settings = {
            "CORE__DAGS_FOLDER": str(DAGS),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": str(self.starts_paused),
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": str(max(2, os.cpu_count() or 2)),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "CORE__FERNET_KEY": "",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API_AUTH__JWT_SECRET": _secret(self.home),
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "30",
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {
            **os.environ,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            "AIRFLOW_HOME": str(self.home),
            "DOZOR_CONFIG": str(self.config),
            "PATH": python,
            "PYTHONWARNINGS": "ignore",
        }

    def run(self, *arguments: str) -> str:
        """Run `airflow ...` and give back what it printed."""
        done = subprocess.run(  # noqa: S603  our own program with our own words
            [str(Path(sys.executable).parent / "airflow"), *arguments],
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AirflowError(f"airflow {' '.join(arguments)} failed: {done.stderr[-2000:] or done.stdout[-2000:]}")
        return done.stdout

    @contextmanager
    def standalone(self) -> Iterator[None]:
        """Airflow with its scheduler and UI, as long as the block runs."""
        log = self.home / "standalone.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  our own program with our own words
                [str(Path(sys.executable).parent / "airflow"), "standalone"],
                env=self.environment(),
                cwd=self.home,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                self._wait_until_it_answers(process, log)
                yield
            finally:
                os.killpg(process.pid, signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(8)
                for left in _of_session(process.pid):  # Airflow leaves processes of its own behind, in groups of their own
                    with suppress(ProcessLookupError):
                        os.kill(left, signal.SIGKILL)
                process.wait()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AirflowError(f"Airflow ended while starting; its log: {log}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(POLL_SECONDS)
        raise AirflowError(f"Airflow did not answer in {START_SECONDS:.0f} s; its log: {log}")

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """The REST API of a running Airflow (https://airflow.apache.org/docs, "Stable REST API v2")."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30.0) as client:
            token = client.get("/auth/token").raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


def _of_session(session: int) -> list[int]:
    """The processes that still run in a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                found.append(int(path.parent.name))
    return found


def wait_for_dags(api: httpx.Client, dag_ids: Sequence[str]) -> None:
    """Wait until Airflow has read the DAGs. AirflowError names what keeps it from it."""
    deadline = time.monotonic() + START_SECONDS
    for dag_id in dag_ids:
        while api.get(f"/api/v2/dags/{dag_id}").status_code != 200:
            if time.monotonic() > deadline:
                raise AirflowError(f"Airflow does not know the DAG {dag_id}: {api.get('/api/v2/importErrors').text[:2000]}")
            time.sleep(POLL_SECONDS)


def switch_on(api: httpx.Client, dag_id: str) -> None:
    """Let a DAG run, on its schedule and when triggered."""
    api.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False}).raise_for_status()


def begin_run(api: httpx.Client, dag_id: str) -> str:
    """The id of a run of a DAG that was just switched on: the one its schedule started, else one triggered now."""
    for _ in range(3):
        if runs := api.get(f"/api/v2/dags/{dag_id}/dagRuns").raise_for_status().json()["dag_runs"]:
            return str(runs[0]["dag_run_id"])
        time.sleep(POLL_SECONDS)
    run = api.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None}).raise_for_status().json()
    return str(run["dag_run_id"])


def wait_for_run(api: httpx.Client, dag_id: str, run_id: str | None = None, seconds: float = 600.0) -> str:
    """Wait until a run of a DAG (None: any) has ended; returns its state, success or failed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for run in (
            api.get(f"/api/v2/dags/{dag_id}/dagRuns", params={"order_by": "-run_after"}).raise_for_status().json()["dag_runs"]
        ):
            if run_id in (None, run["dag_run_id"]) and run["state"] in ("success", "failed"):
                return str(run["state"])
        time.sleep(POLL_SECONDS)
    raise AirflowError(f"{dag_id} did not end in {seconds:.0f} s; open the UI to see why")


def install(home: Path, config: Path, port: int = 0) -> Airflow:
    """An Airflow in a folder, its database ready; a port of 0 takes a free one."""
    home.mkdir(parents=True, exist_ok=True)
    airflow = Airflow(home.resolve(), port or _free_port(), config.resolve())
    airflow.run("db", "migrate")
    return airflow


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _secret(home: Path) -> str:
    """The secret with which Airflow's parts know each other; made on first use."""
    path = home / "jwt-secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def serve(home: Path, config: Path, port: int) -> None:
    """Serve until Ctrl-C."""
    airflow = replace(install(home, config, port), starts_paused=False)
    with airflow.standalone():
        print(f"Airflow answers at {airflow.url} (no password on this machine). Its state is in {airflow.home}.")
        print("The DAGs run on their schedules. Ctrl-C ends.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("Stopping Airflow ...")


if __name__ == "__main__":
    serve(Path(os.environ.get("AIRFLOW_HOME", ".airflow")), Path(os.environ.get("DOZOR_CONFIG", "dozor.yml")), 8080)
