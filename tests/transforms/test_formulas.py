"""What a header says a figure follows is a formula that ref.formula states."""

import re

from transforms.models import macros, models
from warehouse.reference import FORMULAS

_NAMED = re.compile(r"\bformulas? ([a-z_\d]+(?:, [a-z_\d]+)*)\)")


def test_every_formula_that_a_model_or_macro_names_is_stated():
    headers = [meaning for model in models() for meaning in (model.about, *model.columns.values())]
    named = {name for text in (*headers, *macros().values()) for found in _NAMED.findall(text) for name in found.split(", ")}

    assert {"sov", "net_sentiment", "spike", "change_prev"} <= named
    assert named <= {str(row["id"]) for row in FORMULAS}
