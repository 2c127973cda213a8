"""Documents to mentions: what each query found, in which language, and how it sounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from collectors.reading.language import detect
from transforms.mentions.evaluate import Document
from transforms.mentions.match import Hit, QuerySet, scanned
from transforms.mentions.onnx_engine import engine_of
from transforms.mentions.sentiment import Asked, Engine, Tone


@dataclass(frozen=True, slots=True)
class Mention:
    """A query found in a document, and the tone of the places where."""

    hit: Hit
    tone: Tone
    lang: str | None  # ISO 639-1 code of the document; None without letters


def mentions_of(query_set: QuerySet, documents: Sequence[Document]) -> Iterator[list[Mention]]:
    """The mentions of each document, in order."""
    texts = [scanned(document.title, document.text) for document in documents]
    found = dict(mentions_in(texts, documents.__getitem__, query_set))
    for number in range(len(documents)):
        yield found.get(number, [])


def mentions_in(
    texts: Sequence[str], document: Callable[[int], Document], query_set: QuerySet, engine: Engine | None = None
) -> Iterator[tuple[int, list[Mention]]]:
    """The number of each text with mentions, in order, and its mentions. A document is asked for where a text may have some, its
    language detected where the answer needs one that is not known: most texts cost no more than the scan. Without an `engine`,
    the default one judges."""

    def asked(number: int) -> Document:
        given = document(number)
        return in_language(given) if "lang" in query_set.asks_for else given

    found = [(number, in_language(known), hits) for number, known, hits in query_set.match_where(texts, asked)]
    tones = (engine or engine_of(None)).of_all(_asked(known, hit) for _, known, hits in found for hit in hits)
    for number, known, hits in found:
        yield number, [Mention(hit, overall(next(tones)), known.lang) for hit in hits]


def in_language(document: Document) -> Document:
    """The document with its language detected where its source does not say."""
    if document.lang:
        return document
    return replace(document, lang=detect(document.text or document.title or ""))


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
