from transforms.models import models
from warehouse.dictionary import is_current, render


def test_the_dictionary_in_the_project_is_up_to_date() -> None:
    assert is_current(), "run: python -m warehouse.dictionary"


def test_every_table_and_column_says_what_it_means() -> None:
    text = render()

    assert all(f"### {model.name}\n" in text for model in models())
    assert "|  |" not in text
