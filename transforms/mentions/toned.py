"""Documents to mentions: what each query found, in which language, and how it sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from collectors.reading.language import detect
from transforms.mentions.evaluate import Document
from transforms.mentions.match import Hit, QuerySet
from transforms.mentions.sentiment import Asked, Sentiment, Tone


@dataclass(frozen=True, slots=True)
class Mention:
    """A query found in a document, and the tone of the places where."""

    hit: Hit
    tone: Tone


def mentions_of(query_set: QuerySet, documents: Sequence[Document]) -> Iterator[tuple[str | None, list[Mention]]]:
    """For each document, in order: its language (ISO 639-1; None without letters) and its mentions."""
    languages = [document.lang or detect(document.text or document.title or "") for document in documents]
    known = [document if document.lang else replace(document, lang=lang) for document, lang in zip(documents, languages, strict=True)]
    found = query_set.match_batch(known)
    tones = _sentiment().of_all(_asked(document, hit) for document, hits in zip(known, found, strict=True) for hit in hits)
    for lang, hits in zip(languages, found, strict=True):
        yield lang, [Mention(hit, overall(next(tones))) for hit in hits]


@cache
def _sentiment() -> Sentiment:
    return Sentiment()


def _asked(document: Document, hit: Hit) -> Asked:
    if hit.title_spans and not hit.spans:
        return Asked(document.title or "", hit.title_spans, document.lang)
    return Asked(document.text, hit.spans, document.lang)


def overall(tones: Sequence[Tone]) -> Tone:
    """One tone of several places of the same entity: the label with the most confidence behind it, the mean score."""
    weight: dict[str, float] = {}
    for tone in tones:
        weight[tone.label] = weight.get(tone.label, 0.0) + tone.confidence
    label = max(weight, key=lambda each: weight[each])
    agreeing = [tone for tone in tones if tone.label == label]
    confidence = sum(tone.confidence for tone in agreeing) / len(agreeing)
    return Tone(agreeing[0].label, round(sum(tone.score for tone in tones) / len(tones), 4), round(confidence, 4))
