"""Every fault and goal of the catalogue that binds has a test which names it, or a reason why there is none (yet).

The numbers are those of the catalogue of faults that the project was planned by: `R-29` a case, `G-11` a goal.
"""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent

# 4.1 to 4.5 in whole; of 4.6 and 4.7 what needs no other engine, machine or service of Airflow; 4.8.
CASES = (
    {*range(1, 148), 149, *range(155, 182), *range(189, 201), *range(204, 217), *range(219, 244)}
)  # fmt: skip
GOALS = {1, 2, 3, 5, 6, *range(9, 18), 20, 21, 31, 33, 39}

NO_ALERTS = "there are no alerts yet"
NO_SOURCE = "no source reads such files; a web archive is read by warcio, within the bounds of any answer (R-16)"
WITHOUT_A_TEST = {
    65: NO_ALERTS,
    82: "a page is its normalised address (R-83); the canonical one is kept beside it and not believed to be the same page",
    98: "nothing tells text that was encoded twice; what an encoding cannot read is R-97",
    103: NO_SOURCE,
    104: NO_SOURCE,
    105: NO_SOURCE,
    131: "a price that is noise cannot be told from a price; what many prices do at once is R-138",
    200: "a matter of Airflow alone: its workers go on without the scheduler, and a second copy of a step does no harm (G-6)",
    205: "backfilling is a DAG with a form of its own, not Airflow's backfill: no date has a state",
    206: "one run of it at a time, Airflow queues the second (R-204)",
    207: "collecting keeps its pace and one writer by locks, whoever comes first (G-5, R-86)",
    229: NO_ALERTS,
    230: NO_ALERTS,
    231: NO_ALERTS,
    232: NO_ALERTS,
    233: NO_ALERTS,
    237: "pages are dropped when somebody says so (`dozor prune`), not by themselves",
    238: "the salt of pseudonyms is made once: another one would part every person in two",
    239: "nothing screens for special categories of personal data",
    240: "a backup is a copy of the folder: nothing is unpacked",
}


def named(letter: str) -> set[int]:
    """The numbers that tests name: `R-29` in a comment or an id, `test_r29_...` in a name, `r16_to_r19` for all between."""
    found: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        if path.name == Path(__file__).name:
            continue
        text = path.read_text(encoding="utf-8")
        found |= {int(number) for number in re.findall(rf"\b{letter}-(\d+)\b", text)}
        for name in re.findall(r"def (test_\w+)|id=\"(r\d+[\w-]*)\"", text):
            word = "".join(name)
            found |= {int(number) for number in re.findall(rf"(?:^|_){letter.lower()}(\d+)(?=_|-|$)", word)}
            for first, last in re.findall(rf"{letter.lower()}(\d+)_to_{letter.lower()}(\d+)", word):
                found |= set(range(int(first), int(last) + 1))
    return found


def test_every_case_that_binds_is_named_by_a_test_or_has_a_reason() -> None:
    assert sorted(CASES - named("R") - set(WITHOUT_A_TEST)) == []


def test_no_reason_outlives_its_test() -> None:
    assert sorted(set(WITHOUT_A_TEST) & named("R")) == []


def test_every_goal_that_binds_is_named_by_a_test() -> None:
    assert sorted(GOALS - named("G")) == []
