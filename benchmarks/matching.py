"""Many topics over many posts: posts a second on one core, the price of a thousand topics against ten, and two peers in the
same run.

    python -m benchmarks.matching [--posts 500000] [--topics 1000]

Posts are 30 words: half running speech, half drawn from the whole dictionary, one in five English; invented brands, in all
their cases, are in some of them. Peers: the same topics as compiled regular expressions over lemmatised text, and as queries to
Tantivy over the indexed lemmas; they run on fewer posts, since they need minutes a hundred thousand, and are given the lemmas
for nothing as well.
"""

import argparse
import random
import re
import resource
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import cycle, islice

import pymorphy3
import tantivy
from simplemma.strategies.dictionaries import DefaultDictionaryFactory

from transforms.mentions.common_words import COMMON_WORDS
from transforms.mentions.match import QuerySet, compile_queries
from transforms.mentions.words import is_common_word

WORDS = 30
BRAND_SHARE = 0.04  # posts that name one of the brands of 1 000 topics; a third to a half of them satisfy a topic
SUBJECTS = [
    "доставка",
    "цена",
    "качество",
    "отзыв",
    "скидка",
    "вклад",
    "кредит",
    "приложение",
    "вкус",
    "обслуживание",
    "магазин",
    "гарантия",
    "возврат",
    "поддержка",
]
ENGLISH_SUBJECTS = ["delivery", "price", "quality", "review", "discount", "taste", "service", "warranty", "refund", "support"]
ENDINGS = ("", "а", "у", "ом", "е")

_find_words = re.compile(r"[^\W_]+").findall


def brands(count: int, rng: random.Random) -> list[str]:
    """Invented names of two or three syllables; those that happen to be words ("рукам": to the hands) are no names."""
    names: dict[str, None] = {}
    while len(names) < count:
        syllables = (rng.choice("бвгдзклмнпрстфх") + rng.choice("аеиоу") for _ in range(rng.choice((2, 3, 3))))
        name = "".join(syllables) + rng.choice("вдклмнрст")
        if not is_common_word(name):
            names[name] = None
    return list(names)


LATIN = str.maketrans("абвгдезиклмнопрстуфх", "abvgdeziklmnoprstufh")


def topics(names: list[str], rng: random.Random) -> dict[str, str]:
    """Topics as people write them: spellings of a brand, things said about it, what is not meant. Each kind as often as the
    others, so that the first ten are like all."""
    shapes: tuple[Callable[[str, str], str], ...] = (
        lambda name, latin: f"{name} OR {latin} OR #{latin}",
        lambda name, latin: (
            f"({name} OR {latin}) AND ({rng.choice(SUBJECTS)} OR {rng.choice(SUBJECTS)} OR {rng.choice(ENGLISH_SUBJECTS)})"
        ),
        lambda name, latin: f"({name} OR {latin}) NEAR/6 ({rng.choice(SUBJECTS)} OR {rng.choice(SUBJECTS)}) -вакансия",
        lambda name, latin: (
            f'"{name.title()} {rng.choice(SUBJECTS)}" OR "{latin} {rng.choice(ENGLISH_SUBJECTS)}" OR @{latin}_shop'
        ),
        lambda name, latin: f"({name}* OR {latin}*) -({rng.choice(SUBJECTS)} OR вакансия OR резюме)",
        lambda name, latin: f"SENT({name} OR {latin}, {rng.choice(SUBJECTS)} OR {rng.choice(SUBJECTS)})",
    )
    return {name: shape(name, name.translate(LATIN)) for name, shape in zip(names, cycle(shapes), strict=False)}


class Posts:
    """Invented posts: running speech and dictionary words, now and then a brand with something said about it."""

    def __init__(self, names: list[str], rng: random.Random) -> None:
        analyser = pymorphy3.MorphAnalyzer()
        self._rng, self._names = rng, names
        self._russian = [
            parse.word
            for letter in "абвгдзиклмнопрстуфхш"
            for parse in islice(analyser.iter_known_word_parses(letter), 0, 150_000, 101)
        ]
        self._english = [word for word in islice(DefaultDictionaryFactory().get_dictionary("en"), 0, None, 17) if word.isalpha()]
        common = sorted(COMMON_WORDS)
        self._common = [word for word in common if not word.isascii()], [word for word in common if word.isascii()]

    def __call__(self, count: int) -> Iterator[str]:
        rng = self._rng
        for _ in range(count):
            is_english = rng.random() < 0.2
            words = rng.choices(self._common[is_english], k=WORDS // 2) + rng.choices(
                self._english if is_english else self._russian, k=WORDS // 2
            )
            rng.shuffle(words)
            if rng.random() < BRAND_SHARE:
                name = rng.choice(self._names)
                place = rng.randrange(WORDS - 6)
                words[place] = name.translate(LATIN) if is_english else (name + rng.choice(ENDINGS)).title()
                if rng.random() < 0.5:
                    words[place + rng.randint(1, 5)] = rng.choice(ENGLISH_SUBJECTS if is_english else SUBJECTS)
            words[0] = words[0].title()
            for place in rng.sample(range(1, WORDS), 3):
                words[place] += rng.choice((",", ".", "!", " —", " 👍", "..."))
            if rng.random() < 0.1:
                words[-1] = f"#{words[-1]}"
            yield " ".join(words)


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of this process, the better of two runs: other processes on the machine matter least so."""
    best = float("inf")
    for _ in range(2):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def lemmatised(texts: list[str]) -> list[str]:
    analyser = pymorphy3.MorphAnalyzer()
    english = DefaultDictionaryFactory().get_dictionary("en")

    @lru_cache(maxsize=500_000)
    def lemma(word: str) -> str:
        return english.get(word, word) if word.isascii() else analyser.parse(word)[0].normal_form

    return [" ".join(map(lemma, _find_words(text.lower()))) for text in texts]


def by_regular_expressions(wanted: dict[str, str], lemmas: list[str]) -> float:
    """Seconds a post. One expression a topic, for its names only: what is said about them would cost it more."""
    patterns = [re.compile(rf"\b(?:{name}|{name.translate(LATIN)})\b") for name in wanted]
    return seconds(lambda: [[pattern.search(text) for pattern in patterns] for text in lemmas]) / len(lemmas)


def by_tantivy(wanted: dict[str, str], lemmas: list[str]) -> float:
    """Seconds a post: index, then every topic's query over the index."""
    schema = tantivy.SchemaBuilder().add_text_field("text", tokenizer_name="whitespace").build()

    def run() -> None:
        index = tantivy.Index(schema)
        writer = index.writer(heap_size=200_000_000, num_threads=1)
        for text in lemmas:
            writer.add_document(tantivy.Document(text=text))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        searcher = index.searcher()
        for name in wanted:
            searcher.search(index.parse_query(f"{name} OR {name.translate(LATIN)}", ["text"]), limit=len(lemmas))

    return seconds(run) / len(lemmas)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=500_000)
    parser.add_argument("--topics", type=int, default=1000)
    arguments = parser.parse_args()
    rng = random.Random(7)
    names = brands(arguments.topics, rng)
    wanted = topics(names, rng)
    texts = list(Posts(names, rng)(arguments.posts))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    began = time.process_time()
    many = compile_queries(wanted)
    print(f"compile {len(wanted)} topics              {time.process_time() - began:8.1f} s")
    few = compile_queries(dict(islice(wanted.items(), 10)))

    def run(query_set: QuerySet) -> int:
        return sum(1 for hits in query_set.match_texts(texts) if hits)

    run_few = seconds(lambda: run(few))
    run_many = seconds(lambda: run(many))
    matched = run(many) / len(texts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"posts that satisfy a topic        {matched:8.1%}")
    print(f"10 topics                         {len(texts) / run_few:8.0f} posts/s on one core")
    print(f"{len(wanted)} topics                       {len(texts) / run_many:8.0f} posts/s on one core")
    print(f"{len(wanted)} topics against 10            {run_many / run_few:8.2f} times the time")
    print(f"memory                            {peak / 1024:8.0f} MB, of it the posts {before / 1024:.0f} MB")

    began = time.process_time()
    lemmas = lemmatised(texts[:20_000])
    lemmatise = (time.process_time() - began) / len(lemmas)
    ours = run_many / len(texts)
    expressions = by_regular_expressions(wanted, lemmas[:2000])
    engine = by_tantivy(wanted, lemmas)
    for peer, each in (
        ("regular expressions over lemmas", expressions),
        ("the same, lemmatising counted", expressions + lemmatise),
        ("Tantivy over lemmas", engine),
        ("the same, lemmatising counted", engine + lemmatise),
    ):
        print(f"{peer:<33} {1 / each:8.0f} posts/s: {each / ours:.1f} times our time")


if __name__ == "__main__":
    main()
