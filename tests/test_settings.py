"""Settings: the file, the environment over it, and guards that only the file lowers."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dozor.settings import Settings, SettingsError, disk_of, load_settings


def written(folder: Path, text: str) -> Path:
    path = folder / "dozor.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings()


def test_an_empty_file_is_one_without_settings(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "# nothing yet\n"))
    assert settings.contact == ""


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "store: data\nwatchlist: lists/w.yml\nsentiment_model: tone\n"))
    assert (settings.store, settings.watchlist) == (tmp_path / "data", tmp_path / "lists" / "w.yml")
    assert settings.sentiment_model == tmp_path / "tone"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOZOR_STORE", "/elsewhere/store")
    monkeypatch.setenv("DOZOR_WATCHLIST", "/elsewhere/w.yml")
    monkeypatch.setenv("DOZOR_CONTACT", "me@dozor.example")
    settings = load_settings(written(tmp_path, "store: data\ncontact: other@dozor.example\n"))
    assert (str(settings.store), str(settings.watchlist), settings.contact) == (
        "/elsewhere/store",
        "/elsewhere/w.yml",
        "me@dozor.example",
    )


def test_dozor_config_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOZOR_CONFIG", str(written(tmp_path, "contact: me@dozor.example\n")))
    assert load_settings().contact == "me@dozor.example"


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOZOR_CONFIG", str(tmp_path / "none.yml"))
    with pytest.raises(SettingsError, match="no such file"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store: data\ncontakt: me\n", ':2: unknown key "contakt". Did you mean "contact"?'),
        ("contact: a\ncontact: b\n", ':2: the key "contact" is already given on line 1'),
        ("contact: !!python/object:os.system {}\n", ":1: the tag"),
        ("workers: 99999999999999999999999999\n", ":1: the number"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)),
            "aliases are expanded",
        ),
        ("pace_seconds: {sitee: 5}\n", 'unknown source "sitee". Did you mean "site"?'),
        (
            "budgets:\n  meta_adds/north: {requests: 5}\n",
            ':2: budgets: unknown source "meta_adds/north". Did you mean "meta_ads"?',
        ),
        ("workers: many\n", "workers"),
        ("workers: 0\n", "workers"),
        ("memory_limit_mb: 1\n", "memory_limit_mb"),
        ("budgets: {meta_ads: {money: -1}}\n", "budgets.meta_ads.money"),
        ("budgets: {meta_ads: {cash: 1}}\n", "budgets.meta_ads.cash"),
        ("pace_seconds:\n  page: -3\n", ":2: pace_seconds.page: Input should be greater than or equal to 0"),
        ("base_urls:\n  telegram_channel: nonsense\n", ":2: base_urls.telegram_channel: 'nonsense' is not an address"),
        ("base_urls: {telegram_channel: 'https://'}\n", "is not an address"),
        ("store: [a]\n", "store"),
        ("- one\n", "key: value"),
        ("a: [\n", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_named_with_the_file_and_the_line(text: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contact: Ivan", ":1: contact: 'Ivan' is no URL"),
        ('contact: "me@dozor.example\\nCookie: a=b"', ":1: contact: a line break"),
        ("contact: Иван, ivan@dozor.example", ":1: contact: 'Иван' cannot be sent"),
        ("contact: https://dozor.example/бот", ":1: contact: 'бот' cannot be sent"),
        ("contact: иван@пример.рф", ":1: contact: 'иван' cannot be sent"),
    ],
)
def test_a_contact_that_could_not_be_sent_or_used_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("contact", "sent"),
    [
        ("https://пример.рф/bot", "https://xn--e1afmkfd.xn--p1ai/bot"),
        ("Ivan, ivan@пример.рф", "Ivan, ivan@xn--e1afmkfd.xn--p1ai"),
        (" me@dozor.example ", "me@dozor.example"),
        ("Bots of https://dozor.example:8080/a_b?c=d", "Bots of https://dozor.example:8080/a_b?c=d"),
    ],
)
def test_a_contact_is_sent_in_ascii(contact: str, sent: str, tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, f'contact: "{contact}"')).contact == sent


def test_a_contact_of_the_environment_is_named_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOZOR_CONTACT", "Ivan")
    with pytest.raises(SettingsError, match="DOZOR_CONTACT in the environment: 'Ivan'"):
        load_settings(written(tmp_path, "contact: me@dozor.example\n"))


def test_all_errors_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, "contakt: me\nworkers: many\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_store_on_a_network_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nnas:/a {tmp_path}/nas\\040disk nfs4 rw 0 0\n/dev/sdb {tmp_path}/nas\\040disk/b xfs rw 0 0\n",
        encoding="utf-8",
    )
    kinds = [disk_of(tmp_path / place, mounts) for place in ("store", "nas disk/store", "nas disk/b/store")]
    assert kinds == ["ext4", "nfs4", "xfs"]
    assert disk_of(tmp_path, tmp_path / "none") == ""

    monkeypatch.setattr("dozor.settings.disk_of", lambda folder: "nfs4")
    with pytest.raises(SettingsError, match=r":1: store: .*network file system \(nfs4\).*local disk"):
        load_settings(written(tmp_path, "store: data\n"))


# what lowers a guard is said in the file, where it is seen; never by a variable that leaks in.
@pytest.mark.parametrize("name", ["ALLOW_PRIVATE_HOSTS", "CLOCK", "CONNECT_TO", "BASE_URLS"])
def test_guards_are_not_lowered_from_the_environment(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"DOZOR_{name}", "true")
    settings = load_settings()
    assert settings.allow_private_hosts is False
    assert (settings.clock, settings.connect_to, settings.base_urls) == (None, {}, {})


def test_the_file_may_lower_them(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, "allow_private_hosts: true\nclock: 2026-11-01T01:10:00Z\n"))
    assert settings.allow_private_hosts
    assert settings.clock == datetime(2026, 11, 1, 1, 10, tzinfo=UTC)


def test_a_pretended_clock_goes_on_from_its_start(tmp_path: Path) -> None:
    clock = Settings(clock=datetime(2026, 11, 1, tzinfo=UTC)).now()
    first, second = clock(), clock()
    assert datetime(2026, 11, 1, tzinfo=UTC) <= first <= second
    assert (Settings().now()() - datetime.now(UTC)).total_seconds() < 5


def test_the_salt_is_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(store=tmp_path)
    salt = settings.salt
    assert (len(salt), settings.salt) == (32, salt)
    assert stat.S_IMODE((tmp_path / "work" / "salt").stat().st_mode) == 0o600


def test_the_file_that_init_writes_is_valid(tmp_path: Path) -> None:
    start = (Path(__file__).parent.parent / "dozor" / "start_settings.yml").read_text(encoding="utf-8")
    everything = "\n".join(
        line[2:] if line.startswith(("# store:", "# workers:", "# memory", "# pace", "#   site:")) else line
        for line in start.splitlines()
    )
    assert load_settings(written(tmp_path, everything)).store == tmp_path / "dozor-data"
