"""How old a source is said to be."""

from datetime import date

import pytest

from extractors.core.archive import KnownPart, PartCount
from pipeline.sources import _good_since


def parts(*days: int, records: int = 1) -> list[KnownPart]:
    """Parts that last came whole on these days of July."""
    return [KnownPart(date(2026, 7, day), PartCount(records=records)) for day in days]


@pytest.mark.parametrize(
    ("known", "delivered", "day"),
    [
        pytest.param([], False, None, id="never"),
        pytest.param(parts(13), False, 13, id="one part"),
        pytest.param(parts(20, 20, 1), False, 20, id="one holder of three is down"),
        pytest.param(parts(20, 1, 1), False, 1, id="most holders are down"),
        pytest.param(parts(20, 1), False, 1, id="half of them"),
        pytest.param([*parts(20), *parts(1, 1, records=0)], False, 20, id="brands that have left do not age"),
        pytest.param(parts(2, records=0), False, 2, id="an empty list"),
        pytest.param(parts(1, 2, 20), True, 20, id="the newest delivery"),
    ],
)
def test_how_old_a_source_is(known: list[KnownPart], delivered: bool, day: int | None) -> None:
    assert _good_since(known, delivered) == (date(2026, 7, day) if day else None)
