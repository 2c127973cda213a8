"""Quality of matching on the corpora, beside "any reading of pymorphy3" in the same run.

    python -m benchmarks.quality_matching CORPORA [--only factrueval,taiga,wnut]

factrueval: names of organisations as quoted queries, found or not in each document. taiga: lemmas as queries, against the lemmas
that people gave the words of social media. wnut: names of companies and products as quoted queries in noisy English posts.
"""

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pymorphy3

from transforms.mentions.evaluate import Document
from transforms.mentions.match import compile_readable
from transforms.mentions.tokens import Tokens

Found = list[set[str]]  # for each text, the ids of the queries it satisfies
Wanted = list[tuple[set[str], set[str]]]  # for each text: ids that must be found, ids that may be


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--only", default="factrueval,taiga,wnut")
    arguments = parser.parse_args()
    print(f"{'':12}{'':26}precision    recall        F1")
    for name in arguments.only.split(","):
        queries, texts, wanted = SETS[name](arguments.corpora)
        for engine, found in (("dozor", ours(queries, texts)), ("any reading of pymorphy3", any_reading(queries, texts))):
            print(f"{name:12}{engine:26}{'  '.join(f'{figure:8.4f}' for figure in figures(found, wanted))}")


def ours(queries: Mapping[str, list[str]], texts: list[str]) -> Found:
    query_set, _ = compile_readable({key: " OR ".join(names) for key, names in queries.items()})
    return [{hit.query_id for hit in hits} for hits in query_set.match_batch([Document(text=text) for text in texts])]


def any_reading(queries: Mapping[str, list[str]], texts: list[str]) -> Found:
    """The plain way: words are equal when some reading of each has the same lemma; several words must follow each other."""
    analyser = pymorphy3.MorphAnalyzer()

    @cache
    def lemmas(word: str) -> frozenset[str]:
        return frozenset({word, *(parse.normal_form.replace("ё", "е") for parse in analyser.parse(word))})

    names = [(key, [lemmas(form) for form in Tokens(name).forms]) for key, spellings in queries.items() for name in spellings]
    by_lemma = defaultdict(set)
    for number, (_, words) in enumerate(names):
        for lemma in words[0] if words else ():
            by_lemma[lemma].add(number)
    found: Found = []
    for text in texts:
        words = [lemmas(form) for form in Tokens(text).forms]
        hits = set()
        for place, here in enumerate(words):
            for number in {number for lemma in here for number in by_lemma.get(lemma, ())}:
                key, asked = names[number]
                there = words[place : place + len(asked)]
                if len(there) == len(asked) and all(one & other for one, other in zip(asked, there, strict=True)):
                    hits.add(key)
        found.append(hits)
    return found


def figures(found: Found, wanted: Wanted) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean over all pairs of a query and a text."""
    right = sum(len(hits & must) for hits, (must, _) in zip(found, wanted, strict=True))
    wrong = sum(len(hits - must - may) for hits, (must, may) in zip(found, wanted, strict=True))
    missed = sum(len(must - hits) for hits, (must, _) in zip(found, wanted, strict=True))
    precision, recall = right / (right + wrong), right / (right + missed)
    return precision, recall, 2 * precision * recall / (precision + recall)


Set = tuple[dict[str, list[str]], list[str], Wanted]


def factrueval(corpora: Path) -> Set:
    documents = list(lines(corpora / "factrueval-2016" / "documents.jsonl.gz"))
    queries: dict[str, list[str]] = {}
    wanted: Wanted = []
    for document in documents:
        must = set()
        for entity in document["entities"]:
            names = entity["attributes"].get("name") or []
            if names and any(span[0] == "org_name" for mention in entity["mentions"] for span in mention["spans"]):
                key = "|".join(sorted({fold(name) for name in names}))
                queries[key] = [quoted(name) for name in names]
                must.add(key)
        present = {fold(value) for entity in document["entities"] for values in entity["attributes"].values() for value in values}
        wanted.append((must, present))
    for must, present in wanted:  # a name that stands in the document as another entity is no mistake
        present.update({key for key in queries if present.intersection(key.split("|"))} - must)
    return queries, [document["text"] for document in documents], wanted


def taiga(corpora: Path) -> Set:
    sentences = list(lines(corpora / "ud-russian-taiga" / "sentences.jsonl.gz"))
    forms = defaultdict(set)
    for sentence in sentences:
        for word, lemma, part in sentence["tokens"]:
            if part in ("NOUN", "PROPN", "ADJ") and lemma.isalpha() and len(lemma) > 2:
                forms[fold(lemma)].add(fold(word))
    asked = {lemma: [lemma] for lemma, seen in forms.items() if len(seen) > 1}
    wanted: Wanted = [({fold(lemma) for _, lemma, _ in sentence["tokens"]} & asked.keys(), set()) for sentence in sentences]
    return asked, [sentence["text"] for sentence in sentences], wanted


def wnut(corpora: Path) -> Set:
    posts = list(lines(corpora / "wnut17-entities" / "sentences.jsonl.gz"))
    queries: dict[str, list[str]] = {}
    wanted: Wanted = []
    for post in posts:
        names = [entity["text"] for entity in post["entities"] if entity["type"] in ("corporation", "product")]
        named = {name.lower(): [quoted(name)] for name in names if any(map(str.isalnum, name))}
        queries |= named
        wanted.append((set(named), set()))
    return queries, [" ".join(post["tokens"]) for post in posts], wanted


SETS = {"factrueval": factrueval, "taiga": taiga, "wnut": wnut}


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def fold(text: str) -> str:
    return text.lower().replace("ё", "е")


def quoted(name: str) -> str:
    return f'"{"".join(" " if char in _QUOTES else char for char in name).strip()}"'


_QUOTES: Iterable[str] = '"«»'


if __name__ == "__main__":
    main()
