"""The shape of watchlist.yml as pydantic models: field meanings here are what editors show."""

import re
import zoneinfo
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from collectors.source import Role

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
NAME, MACRO_NAME, LANGUAGE, CURRENCY = r"^[a-z0-9][a-z0-9_-]{0,63}$", r"^[^\W\d]\w{0,63}$", r"^[a-z]{2,3}$", r"^[A-Z]{3}$"
MEANINGS = {  # of the patterns, for people
    NAME: "a short id of a-z, 0-9, - and _",
    MACRO_NAME: "a name of letters, digits and _ (it is used in queries as $name)",
    LANGUAGE: "an ISO 639 code such as ru",
    CURRENCY: "an ISO 4217 code such as RUB",
}
Name = Annotated[str, Field(pattern=NAME, description=MEANINGS[NAME])]
MacroName = Annotated[str, Field(pattern=MACRO_NAME, description=MEANINGS[MACRO_NAME])]
PersonalData = Literal["keep", "hash", "drop"]

_COMMON = ("role", "account", "options", "ignore", "pace_seconds")  # keys beside `<source>: <target>`


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) and not isinstance(value, bool) else value


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"ignore: {text!r} is not a regular expression: {error}") from error
    return text


def _domain(text: str) -> str:
    """A host name in lower case, given as such or as an address."""
    host = re.sub(r"^[a-z]+://", "", text.strip().lower()).partition("/")[0].removeprefix("www.").rstrip(".")
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", host):
        raise ValueError(f'"{text}" is not a domain')
    return host


_OneOrMany = BeforeValidator(_one_or_many, json_schema_input_type=str | list[str])
Texts = Annotated[list[Text], _OneOrMany]
Patterns = Annotated[list[Annotated[Text, AfterValidator(_pattern)]], _OneOrMany]  # each item alone: all mistakes are told
Domains = Annotated[list[Annotated[Text, AfterValidator(_domain)]], _OneOrMany]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, str_strip_whitespace=True)


class WatchEntry(_Model):
    """One thing to look at: `source: target`, more keys beside it where needed."""

    source: Text = Field(description="name of the source; short form: `<source>: <target>`")
    target: Text = Field(description="what to look at, as the source describes it")
    options: dict[str, Any] = Field({}, description="settings of the source for this target")
    role: Role | None = Field(None, description="owned (the brand speaks), earned (others speak) or market")
    account: Name | None = Field(None, description="which set of credentials to use")
    ignore: Patterns = Field([], description="regular expressions of text whose changes do not count")
    pace_seconds: float | None = Field(None, gt=0, le=3600, description="least seconds between two requests")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return long_form(raw) if isinstance(raw, Mapping) else raw


def long_form(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A watch with its source and target under these names; ValueError when it names no source."""
    if "source" in raw or "target" in raw:
        return raw
    source = next((key for key in raw if not get_close_matches(key, _COMMON, n=1)), None)
    if source is None:
        raise ValueError(f"a watch is `source: target` (with {', '.join(_COMMON)} beside it where needed)")
    return {"source": source, "target": raw[source], **{key: value for key, value in raw.items() if key != source}}


class Entity(_Model):
    """A brand or company: the own one or a rival."""

    id: Name
    name: Text = Field(description="name as people write it")
    is_own: bool = Field(False, description="true for the client's own brand")
    aliases: Texts = Field([], description="other spellings, for counting mentions")
    domains: Domains = Field([], description="domains that belong to it")
    watches: list[WatchEntry] = []


class Topic(_Model):
    """A named mention query."""

    id: Name
    title: Text | None = None
    query: Text = Field(description="words and phrases with AND, OR, NOT")
    entity: Name | None = Field(None, description="the entity it is about, if one")


class KeywordPanel(_Model):
    """A set of search phrases followed together."""

    id: Name
    region: Text | None = Field(None, description="region asked for")
    phrases: Texts


class Project(_Model):
    """A client."""

    id: Name
    title: Text
    language: Annotated[str, Field(pattern=LANGUAGE, description="ISO 639 code of the report")] = "en"
    timezone: Text = Field("UTC", description="IANA name, Europe/Moscow")
    currency: Annotated[str, Field(pattern=CURRENCY, description="ISO 4217 code money is shown in")] | None = None
    personal_data: PersonalData = Field("hash", description="authors of comments and reviews: keep, hash or drop")
    entities: list[Entity] = []
    watches: list[WatchEntry] = Field([], description="watches of the market that belong to no one brand")
    topics: list[Topic] = []
    keywords: list[KeywordPanel] = []
    macros: dict[MacroName, Text] = Field({}, description="named parts of queries")
    alerts: list[dict[str, Any]] = Field([], description="reserved")

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, name: str) -> str:
        if name not in _timezones():
            near = get_close_matches(name, _timezones(), n=1)
            raise ValueError(f'unknown timezone "{name}"' + (f'. Did you mean "{near[0]}"?' if near else ""))
        return name


class WatchlistFile(_Model):
    """Whom to watch, for whom, and where."""

    projects: list[Project] = Field(min_length=1)


@cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def model_at(place: tuple[str | int, ...]) -> type[BaseModel]:
    """The model that describes the mapping at a place of the file."""
    model: type[BaseModel] = WatchlistFile
    for step in place:
        if isinstance(step, str) and step in model.model_fields:
            inner = [part for part in get_args(model.model_fields[step].annotation) if isinstance(part, type)]
            model = next((part for part in inner if issubclass(part, BaseModel)), model)
    return model
