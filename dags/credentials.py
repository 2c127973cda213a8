"""Secrets of sources from Airflow connections, handed to the steps as a resolver.

The connection `dozor_<source>` (`dozor_<source>_<account>` for an account) holds them: a key is looked up in its extras, then
`token` and `password` in the password and `login` in the login. The environment serves what no connection has.
"""

from __future__ import annotations

from collections.abc import Callable


def from_connections(source: str, account: str | None) -> Callable[[str], str | None]:
    """key -> secret of one source and account."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    from collectors.auth import from_environment

    environment = from_environment(source, account)
    name = f"dozor_{source}" + (f"_{account}" if account else "")
    try:
        connection = Connection.get(name)
    except (AirflowNotFoundException, AirflowRuntimeError):
        return environment

    def look_up(key: str) -> str | None:
        found = connection.extra_dejson.get(key)
        if found is None and key in ("token", "password"):
            found = connection.password
        if found is None and key == "login":
            found = connection.login
        return str(found) if found else environment(key)

    return look_up
