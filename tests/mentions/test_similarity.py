import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.mentions.similarity import similarity

NEWS = "Завод в Клину остановил линию розлива из-за нехватки тары"


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        pytest.param(
            "Линия розлива на заводе в Клину встала: не хватает тары",
            "В Клину открыли новый каток у вокзала",
            id="retold news, same town",
        ),
        pytest.param("Завод в Клину прекратил розлив: кончились бутылки", "Сборная выиграла матч в овертайме", id="synonyms"),
        pytest.param(
            "A plant in Klin stopped its bottling line for lack of bottles",
            "A goalkeeper signed a new contract for two years",
            id="translation",
        ),
    ],
)
def test_the_same_story_in_other_words_is_nearer_than_another_story(nearer, farther):
    assert similarity(NEWS, nearer) > similarity(NEWS, farther)


def test_a_text_is_the_same_as_itself():
    assert similarity(NEWS, NEWS) == pytest.approx(1)


def test_a_text_without_words_is_like_nothing():
    assert similarity("😀", "😀") == 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_a_share_and_has_no_direction(one, other):
    assert similarity(one, other) == pytest.approx(similarity(other, one))
    assert 0 <= similarity(one, other) <= 1 + 1e-9
