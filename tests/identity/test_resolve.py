"""Decisions about names: the same everywhere, taken once, never taken back."""

from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.resolve import Resolution, resolve

NIGHT = date(2026, 7, 13)
NEXT = date(2026, 7, 14)


def mention(warehouse: Path, *name_keys: str) -> Path:
    """A build file whose projects speak of these names."""
    with duckdb.connect(str(warehouse)) as db:
        db.execute("create schema if not exists intermediate")
        db.execute("create or replace table intermediate.int_organization__mentions (name_key varchar)")
        db.execute(
            "insert into intermediate.int_organization__mentions select unnest($1::varchar[])", [list(name_keys)]
        )
    return warehouse


def decisions(warehouse: Path) -> dict[str, tuple[str, date]]:
    """Organization and night of decision by name key."""
    with duckdb.connect(str(warehouse)) as db:
        rows = db.execute("select name_key, organization_id, decided_on from raw.identity_decision").fetchall()
    assert len(rows) == len({key for key, _, _ in rows})
    return {key: (organization, night) for key, organization, night in rows}


def organization(name_key: str) -> str:
    """The id as it is promised."""
    return f"org-{sha256(name_key.encode()).hexdigest()[:16]}"


def files(folder: Path) -> dict[str, bytes]:
    """What lies in the folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_name_key_is_one_organization_on_any_machine(tmp_path: Path) -> None:
    """The id is a function of the key: 'org-' and 16 hexadecimal digits of its SHA-256."""
    mention(tmp_path / "here", "甲股份有限公司", "乙有限公司", "甲股份有限公司")
    mention(tmp_path / "there", "乙有限公司", "甲股份有限公司")
    assert resolve(tmp_path / "here", tmp_path / "a", NIGHT) == Resolution(decided=2, decisions=2)
    resolve(tmp_path / "there", tmp_path / "b", NIGHT)
    assert decisions(tmp_path / "here") == decisions(tmp_path / "there")
    assert decisions(tmp_path / "here")["甲股份有限公司"] == (organization("甲股份有限公司"), NIGHT)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_night_again_leaves_its_file_as_it_is(tmp_path: Path) -> None:
    warehouse = mention(tmp_path / "w", "甲", "乙")
    resolve(warehouse, tmp_path / "d", NIGHT)
    before = files(tmp_path / "d")
    assert resolve(warehouse, tmp_path / "d", NIGHT) == Resolution(decided=0, decisions=2)
    assert files(tmp_path / "d") == before


def test_a_night_writes_down_only_what_is_new(tmp_path: Path) -> None:
    """A decision keeps its night, even for a name nobody speaks of any more; a quiet night leaves an empty file."""
    warehouse = mention(tmp_path / "w", "甲", "乙")
    resolve(warehouse, tmp_path / "d", NIGHT)
    assert resolve(mention(warehouse, "乙", "丙"), tmp_path / "d", NEXT) == Resolution(decided=1, decisions=3)
    assert resolve(warehouse, tmp_path / "d", NEXT + timedelta(1)) == Resolution(decided=0, decisions=3)
    assert {key: night for key, (_, night) in decisions(warehouse).items()} == {"甲": NIGHT, "乙": NIGHT, "丙": NEXT}
    written = {file.name: pq.read_metadata(file).num_rows for file in (tmp_path / "d").iterdir()}
    assert written == {
        "run_date=2026-07-13.parquet": 2,
        "run_date=2026-07-14.parquet": 1,
        "run_date=2026-07-15.parquet": 0,
    }


def test_a_night_of_the_past_does_not_know_the_nights_after_it(tmp_path: Path) -> None:
    warehouse = mention(tmp_path / "w", "甲")
    resolve(warehouse, tmp_path / "d", NIGHT)
    resolve(mention(warehouse, "甲", "乙"), tmp_path / "d", NEXT)
    resolve(mention(warehouse, "甲"), tmp_path / "d", NIGHT)
    assert decisions(warehouse).keys() == {"甲"}
    resolve(mention(warehouse, "甲", "乙"), tmp_path / "d", NIGHT)
    assert decisions(warehouse)["乙"][1] == NIGHT
    resolve(warehouse, tmp_path / "d", NEXT)
    assert decisions(warehouse)["乙"][1] == NIGHT, "the earlier of two nights holds"


def test_a_new_build_file_learns_every_decision(tmp_path: Path) -> None:
    resolve(mention(tmp_path / "old", "甲", "乙"), tmp_path / "d", NIGHT)
    assert resolve(mention(tmp_path / "new", "甲"), tmp_path / "d", NEXT) == Resolution(decided=0, decisions=2)
    assert decisions(tmp_path / "new") == decisions(tmp_path / "old")


def test_a_run_stopped_before_its_file_was_written_is_made_good(tmp_path: Path) -> None:
    """Decisions that no file bears out are taken again; what a broken write left behind is not read."""
    warehouse = mention(tmp_path / "w", "甲", "乙")
    resolve(warehouse, tmp_path / "d", NIGHT)
    before = files(tmp_path / "d")
    (tmp_path / "d" / "run_date=2026-07-13.parquet").rename(tmp_path / "d" / ".run_date=2026-07-13.parquet.tmp")
    assert resolve(warehouse, tmp_path / "d", NIGHT) == Resolution(decided=2, decisions=2)
    assert files(tmp_path / "d") == before


def test_a_decision_file_that_cannot_be_read_stops_the_night(tmp_path: Path) -> None:
    warehouse = mention(tmp_path / "w", "甲")
    resolve(warehouse, tmp_path / "d", NIGHT)
    (tmp_path / "d" / "run_date=2026-07-13.parquet").write_bytes(b"not parquet")
    with pytest.raises(duckdb.Error):
        resolve(warehouse, tmp_path / "d", NEXT)
    assert files(tmp_path / "d").keys() == {"run_date=2026-07-13.parquet"}


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 4), st.sets(st.sampled_from("甲乙丙丁戊"))), min_size=1, max_size=6))
def test_no_order_of_nights_takes_a_decision_back(
    tmp_path_factory: pytest.TempPathFactory, nights: list[tuple[int, set[str]]]
) -> None:
    """Whatever is built, and built again: a name keeps its organization, and its night can only become earlier."""
    folder = tmp_path_factory.mktemp("identity")
    earliest: dict[str, date] = {}
    for offset, names in nights:
        night = NIGHT + timedelta(days=offset)
        resolve(mention(folder / "w", *names), folder / "d", night)
        now = decisions(folder / "w")
        assert now.keys() == names | {key for key, decided in earliest.items() if decided <= night}
        for key, (decided_for, decided) in now.items():
            assert decided_for == organization(key)
            assert decided == min(night, earliest.get(key, night))
            earliest[key] = decided
