"""`publication.questions`: what a question may say in its head, and what it can be told."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from publication.questions import QuestionError, questions

NIGHT = date(2026, 7, 14)
GOOD = """-- Loans below a limit
--
-- One row a loan.
-- :limit decimal = 5000000  at most this
-- :as_of date = night  on this day
-- :months integer = 12  looking back
-- :place text = any  only here
select $limit, $as_of, $months, $place
"""


def asked(folder: Path, text: str) -> None:
    """Put one question into a folder."""
    (folder / "08_loans.sql").write_text(text, encoding="utf-8")


def test_the_head_says_all(tmp_path: Path) -> None:
    """Title, answer and parameters come from the comment lines; defaults are read by type, `night` is the release's."""
    asked(tmp_path, GOOD)
    question = questions(tmp_path)[8]
    assert (question.title, question.answers) == ("Loans below a limit", "One row a loan.")
    assert question.values({}, NIGHT) == {"limit": Decimal(5000000), "as_of": NIGHT, "months": 12, "place": "any"}
    told = question.values({"limit": "1.5", "as_of": "2026-01-31", "months": "3", "place": "32"}, NIGHT)
    assert told == {"limit": Decimal("1.5"), "as_of": date(2026, 1, 31), "months": 3, "place": "32"}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"limit": "much"}, "limit: expected a number, got 'much'"),
        ({"as_of": "14.7.2026"}, "as_of: expected a day such as 2026-07-13, got '14.7.2026'"),
        ({"months": "1.5"}, "months: expected a whole number, got '1.5'"),
        ({"month": "1"}, "question 8 has no parameter 'month'; it has limit, as_of, months, place"),
    ],
)
def test_what_it_cannot_be_told(told: dict[str, str], said: str, tmp_path: Path) -> None:
    """A value of the wrong type or an unknown name is refused in words."""
    asked(tmp_path, GOOD)
    with pytest.raises(QuestionError, match="^" + said.replace("(", r"\(")):
        questions(tmp_path)[8].values(told, NIGHT)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (GOOD.replace("decimal", "money"), "expected `:name type = default  what it is`, got ':limit money"),
        (GOOD.replace("$months, ", ""), "months: declared and not used, or the other way round"),
        (GOOD.replace("-- :place", "-- place"), "place: declared and not used, or the other way round"),
        ("select 1", "expected a title in a comment on the first line"),
    ],
)
def test_a_head_that_cannot_be_read(spoilt: str, said: str, tmp_path: Path) -> None:
    """A question with a faulty head is named by its file."""
    asked(tmp_path, spoilt)
    with pytest.raises(QuestionError, match=r"^08_loans\.sql: ") as caught:
        questions(tmp_path)
    assert said in str(caught.value)
