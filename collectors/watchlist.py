"""Reads and validates watchlist.yml: whom to watch, for whom, and where.

    projects (clients) -> entities (the own brand and its rivals) -> watches (`source: target`)

The same target watched by two projects is one Watch; who asked for it stands in the rows of `reference()`. Every problem of
the file is reported at once, with its line and, where a name is wrong, the nearest right one.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from collectors.registry import SourceModule, sources
from collectors.source import Role, Watch, digest
from collectors.watchlist_file import Document, Problem, read_yaml
from collectors.watchlist_file import Path as Place
from collectors.watchlist_model import MEANINGS, Entity, PersonalData, Project, WatchEntry, WatchlistFile, long_form, model_at

Row = dict[str, Any]


class WatchlistError(Exception):
    """All that is wrong with a watchlist; each problem reads `file:line: what is wrong, and the nearest right name`."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class _Entry(NamedTuple):
    """One watch as the file has it, with who asked for it."""

    project_id: str
    entity_id: str | None
    watch: Watch
    role: Role
    ignore: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watchlist:
    """A valid watchlist."""

    projects: tuple[Project, ...]
    entries: tuple[_Entry, ...]
    version: str  # hash of the text: every run keeps the one it used

    def watches(self, source: str | None = None) -> list[Watch]:
        """The distinct watches, of one source or of all, in the order of the file."""
        distinct: dict[str, Watch] = {}
        for entry in self.entries:
            known = distinct.get(entry.watch.watch_id)
            distinct[entry.watch.watch_id] = _shared(known, entry.watch) if known else entry.watch
        return [watch for watch in distinct.values() if source in (None, watch.source)]

    def policies(self) -> list[tuple[str, PersonalData]]:
        """(watch_id, personal-data policy of a project that asks for it)."""
        policy = {project.id: project.personal_data for project in self.projects}
        return [(entry.watch.watch_id, policy[entry.project_id]) for entry in self.entries]

    def reference(self) -> dict[str, list[Row]]:
        """The `ref` tables as plain rows, by table name; a project-wide watch has no entity_id."""
        return {
            "project": [_row(project, _PROJECT, project_id=project.id) for project in self.projects],
            "entity": [
                _row(entity, ("name", "aliases", "domains", "is_own"), project_id=project.id, entity_id=entity.id)
                for project in self.projects
                for entity in project.entities
            ],
            "watch": [
                {
                    "watch_id": watch.watch_id,
                    "source": watch.source,
                    "target": watch.target,
                    "options": json.dumps(dict(watch.options), ensure_ascii=False, sort_keys=True),
                    "account": watch.account,
                }
                for watch in self.watches()
            ],
            "watch_entity": _distinct(
                {"project_id": e.project_id, "entity_id": e.entity_id, "watch_id": e.watch.watch_id, "role": e.role}
                for e in self.entries
            ),
            "ignore_rule": _distinct(
                {"project_id": e.project_id, "watch_id": e.watch.watch_id, "pattern": pattern}
                for e in self.entries
                for pattern in e.ignore
            ),
            "topic": [
                {
                    "project_id": project.id,
                    "topic_id": topic.id,
                    "title": topic.title,
                    "query": topic.query,
                    "entity_id": topic.entity,
                }
                for project in self.projects
                for topic in project.topics
            ],
            "keyword": [
                {"project_id": project.id, "panel_id": panel.id, "phrase": phrase, "region": panel.region}
                for project in self.projects
                for panel in project.keywords
                for phrase in dict.fromkeys(panel.phrases)
            ],
            "macro": [
                {"project_id": project.id, "name": name, "query": query}
                for project in self.projects
                for name, query in project.macros.items()
            ],
        }


_PROJECT = ("title", "language", "timezone", "currency", "personal_data")


def load_watchlist(path: Path) -> Watchlist:
    """Reads the file; WatchlistError lists every problem, OSError when it cannot be opened."""
    return read_watchlist(watchlist_text(path), str(path))


def watchlist_text(path: Path) -> str:
    """The text of the file; WatchlistError when it is not UTF-8, OSError when it cannot be opened."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WatchlistError([f"{path}:{line}: not UTF-8: save the file as UTF-8"]) from error


def read_watchlist(text: str, name: str = "watchlist.yml") -> Watchlist:
    """Validates the text of a watchlist; `name` stands before the line in each problem."""
    _, file, problems = find_problems(text)
    if file is None or problems:
        raise WatchlistError([f"{name}:{problem.line}: {problem.message}" for problem in problems])
    return Watchlist(tuple(file.projects), tuple(_entries(file)), digest(text))


def find_problems(text: str) -> tuple[Document, WatchlistFile | None, list[Problem]]:
    """The document as it was read, its shape where that is right, and all problems in the order of their lines."""
    document = read_yaml(text)
    problems = list(document.problems)
    file: WatchlistFile | None = None
    if document.data is None and not problems:
        problems.append(Problem(1, "the watchlist is empty; `dozor init` writes one to start from"))
    elif document.data is not None:
        try:
            file = WatchlistFile.model_validate(document.data)
        except ValidationError as error:
            problems += _shape_problems(error, document)
        problems += _name_problems(document)
    return document, file, sorted(set(problems))


def json_schema() -> dict[str, Any]:
    """JSON Schema of the file for editors, the known sources included."""
    schema = WatchlistFile.model_json_schema()
    watch = schema["$defs"]["WatchEntry"]
    shape = watch["properties"]
    shape["source"]["enum"] = list(sources())
    for name, module in sources().items():
        shape[name] = {"type": ["string", "number"], "description": module.declaration.target}
    del watch["required"]
    watch["oneOf"] = [{"required": ["source", "target"]}, *({"required": [name]} for name in sources())]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """` Did you mean "…"?` for the nearest name, or nothing when none is near."""
    near = difflib.get_close_matches(str(name).lower(), {n.lower(): n for n in names}, n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


def _entries(file: WatchlistFile) -> Iterator[_Entry]:
    for project in file.projects:
        holders: list[tuple[Entity | None, list[WatchEntry]]] = [(entity, entity.watches) for entity in project.entities]
        for entity, watches in [*holders, (None, project.watches)]:
            for entry in watches:
                yield _Entry(
                    project_id=project.id,
                    entity_id=entity.id if entity else None,
                    watch=_watch(entry),
                    role=entry.role or _default_role(entry.source, entity),
                    ignore=tuple(entry.ignore),
                )


def _default_role(source: str, entity: Entity | None) -> Role:
    role = sources()[source].declaration.role
    return "market" if role == "owned" and entity is None else role  # nobody's own channel: the market's


def _watch(entry: WatchEntry) -> Watch:
    module = sources()[entry.source]
    options, budgets = _options(module, entry.options)
    return Watch(
        source=entry.source,
        target=_target(module, entry.target),
        options=options,
        account=entry.account,
        budgets=budgets,
        pace_seconds=entry.pace_seconds,
    )


def _target(module: SourceModule, target: str) -> str:
    """The canonical target, or ValueError."""
    canonical = module.canonical_target(target.strip())
    if not canonical or not module.matches_target(canonical):
        raise ValueError(f'"{target}" is not {module.declaration.target}')
    return canonical


def _options(module: SourceModule, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """The canonical options of a watch, and its budgets; or ValueError."""
    options = module.canonical_options(given)
    budgets = {name: options[name] for name in module.declaration.budgets if name in options}
    for name, number in budgets.items():
        least = module.declaration.budgets[name].least
        if isinstance(number, bool) or not isinstance(number, int | float) or number < least:
            raise ValueError(f"{name} must be a number, at least {least:g}, found {number!r}")
    return {name: value for name, value in options.items() if name not in budgets}, budgets


def _shared(one: Watch, other: Watch) -> Watch:
    """A watch that two projects ask for: of the paces that they give the kinder holds, of the budgets the widest."""
    budgets = {
        name: budget.widest(one.budgets.get(name, budget.default), other.budgets.get(name, budget.default))
        for name, budget in sources()[one.source].declaration.budgets.items()
        if name in one.budgets or name in other.budgets
    }
    return replace(one, budgets=budgets, pace_seconds=max(_pace(one), _pace(other)) or None)


def _shape_problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    """What pydantic found, as lines a person can act on."""
    for fault in error.errors(include_url=False):
        place: Place = fault["loc"]
        line, name = document.line(place), _name(place)
        match fault["type"]:
            case "extra_forbidden" if place[-1] in sources() and model_at(place[:-1]) is WatchEntry:
                hint = f"write `- {place[-1]}: …` on a line of its own"
                yield Problem(line, f"a second source, {name}, beside the first{_within(place, document)}: {hint}")
            case "extra_forbidden":
                known = list(model_at(place[:-1]).model_fields)
                yield Problem(line, f"unknown key {name}{_within(place, document)}.{did_you_mean(str(place[-1]), known)}")
            case "missing":
                yield Problem(line, f"{name} is missing{_within(place, document)}")
            case "value_error":  # our own validators: their message says all
                said, mark, hint = str(fault["ctx"]["error"]).partition(". Did you mean")
                yield Problem(line, f"{said}{_within(place, document)}{mark}{hint}")
            case "string_pattern_mismatch":
                what = "a key" if place[-1] == "[key]" else name
                meaning = MEANINGS[fault["ctx"]["pattern"]]
                yield Problem(line, f'{what} should be {meaning}, found "{fault["input"][:60]}"{_within(place, document)}')
            case "too_short":
                yield Problem(line, f"{name} is empty{_within(place, document)}")
            case "model_type" | "dict_type":
                yield Problem(line, f"{name} should be a mapping of keys to values{_within(place, document)}")
            case _:
                found = json.dumps(fault["input"], ensure_ascii=False, default=str)
                message = fault["msg"].replace("Input should", "should")
                yield Problem(line, f"{name} {message[:1].lower()}{message[1:]}, found {found[:60]}{_within(place, document)}")


def _name(place: Place) -> str:
    """What a place is called: a key as it is written, an item of a list by its number."""
    if not place:
        return "the file"
    if isinstance(place[-1], str):
        return f'"{place[-1]}"'
    items = {"projects": "project", "entities": "entity", "watches": "watch", "topics": "topic", "keywords": "panel"}
    key = str(place[-2]) if len(place) > 1 else ""
    what = items.get(key, f'"{key}" item')
    return f"{what} {place[-1] + 1}"


def _within(place: Place, document: Document) -> str:
    """` in watch of "north-tea"`: the nearest thing around a place that has an id."""
    kinds = {"projects": "project", "entities": "entity", "topics": "topic", "keywords": "keywords"}
    here = "watch of " if "watches" in place[:-1] else ""
    for end in range(len(place), 1, -1):
        found = _at(document.data, place[:end])
        if isinstance(found, Mapping) and isinstance(found.get("id"), str) and place[end - 2] in kinds:
            return f' in {here or kinds[str(place[end - 2])] + " "}"{found["id"]}"'
    return ""


def _at(data: Any, place: Place) -> Any:
    for step in place:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _name_problems(document: Document) -> Iterator[Problem]:
    """Names that mean nothing or two things. Reads the raw data, so that one broken shape does not hide these."""
    projects = list(items_of(document.data, "projects"))
    yield from _repeated(projects, "project", document)
    for project, place in projects:
        entities = list(items_of(project, "entities", place))
        yield from _repeated(entities, "entity", document)
        ids = [entity["id"] for entity, _ in entities if isinstance(entity.get("id"), str)]
        topics = list(items_of(project, "topics", place))
        yield from _repeated(topics, "topic", document)
        yield from _repeated(list(items_of(project, "keywords", place)), "keywords", document)
        for topic, at in topics:
            if isinstance(about := topic.get("entity"), str) and about not in ids:
                yield Problem(document.line((*at, "entity")), f'unknown entity "{about}".{did_you_mean(about, ids)}')
        for holder, at in [*entities, (project, place)]:
            for raw, watch_at in items_of(holder, "watches", at):
                yield from _watch_problems(raw, watch_at, document)


def items_of(holder: Any, key: str, place: Place = ()) -> Iterator[tuple[dict[str, Any], Place]]:
    found = holder.get(key) if isinstance(holder, Mapping) else None
    for index, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, dict):
            yield item, (*place, key, index)


def _repeated(items: list[tuple[dict[str, Any], Place]], what: str, document: Document) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for item, place in items:
        if isinstance(name := item.get("id"), str):
            line = document.line((*place, "id"))
            if name in first:
                yield Problem(line, f'the {what} "{name}" is already given on line {first[name]}')
            first.setdefault(name, line)


def _watch_problems(raw: dict[str, Any], place: Place, document: Document) -> Iterator[Problem]:
    entry = _sound(raw)
    if entry is None:
        return  # reported as a shape problem
    where = _within(place, document).replace(" in entity ", " in watch of ").replace(" in project ", " in watch of ")
    module = sources().get(entry.source)
    if module is None:
        at = place if entry.source in raw else (*place, "source")
        line = document.line((*place, entry.source)) if entry.source in raw else document.line(at)
        yield Problem(line, f'unknown source "{entry.source}"{where}.{did_you_mean(entry.source, sources())}')
        return
    line = document.line((*place, entry.source if entry.source in raw else "target"))
    try:
        _target(module, entry.target)
    except ValueError as error:
        yield Problem(line, f"{entry.source}: {error}{where}")
    for name, value in entry.options.items():
        at_line = document.line((*place, "options", name))
        if name not in module.declaration.options:
            hint = did_you_mean(name, module.declaration.options)
            yield Problem(at_line, f'{entry.source} has no option "{name}"{where}.{hint}')
            continue
        try:
            _options(module, {name: value})
        except ValueError as error:
            yield Problem(at_line, f"{entry.source}: {error}{where}")


def _sound(raw: dict[str, Any]) -> WatchEntry | None:
    """The watch without the keys whose shape is wrong, so that these do not hide other mistakes; None when it names nothing."""
    try:
        return WatchEntry.model_validate(raw)
    except ValidationError as error:
        wrong = {fault["loc"][0] for fault in error.errors() if fault["loc"]}
    try:
        return WatchEntry.model_validate({key: value for key, value in long_form(raw).items() if key not in wrong})
    except ValueError:
        return None


def _pace(watch: Watch) -> float:
    return watch.pace_seconds or 0.0


def _row(model: BaseModel, fields: tuple[str, ...], **ids: str) -> Row:
    return {**ids, **model.model_dump(include=set(fields))}


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return list({tuple(row.values()): row for row in rows}.values())
