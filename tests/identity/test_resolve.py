"""Decisions about mentions: the same everywhere, taken once, never taken back; nothing is guessed."""

import random
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.resolve import Resolution, resolve

NIGHT = date(2026, 7, 13)
NEXT = date(2026, 7, 14)


class Mention(NamedTuple):
    """A record that speaks of an organization: by a code and a name, or by a name alone."""

    code: str | None
    name: str | None

    @property
    def key(self) -> str:
        return f"USCC:{self.code}" if self.code else f"NAME:{self.name}"


def mention(warehouse: Path, *said: Mention | str) -> Path:
    """A build file whose records speak of these; a text is a name alone."""
    mentions = [Mention(None, one) if isinstance(one, str) else one for one in said]
    with duckdb.connect(str(warehouse)) as db:
        db.execute("create schema if not exists intermediate")
        db.execute(
            "create or replace table intermediate.int_organization__mentions (mention_key varchar, name_key varchar)"
        )
        db.execute(
            "insert into intermediate.int_organization__mentions select unnest($1::varchar[]), unnest($2::varchar[])",
            [[one.key for one in mentions], [one.name for one in mentions]],
        )
    return warehouse


def decisions(warehouse: Path) -> dict[str, tuple[str, date]]:
    """Organization and night of decision by mention key."""
    with duckdb.connect(str(warehouse)) as db:
        rows = db.execute("select mention_key, organization_id, decided_on from raw.identity_decision").fetchall()
    assert len(rows) == len({key for key, _, _ in rows})
    return {key: (organization, night) for key, organization, night in rows}


def organizations(warehouse: Path) -> dict[str, str]:
    """Organization by mention key."""
    return {key: organization for key, (organization, _) in decisions(warehouse).items()}


def organization(key: str) -> str:
    """The id as it is promised."""
    return f"org-{sha256(key.encode()).hexdigest()[:16]}"


def files(folder: Path) -> dict[str, bytes]:
    """What lies in the folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_name_alone_is_one_organization_on_any_machine(tmp_path: Path) -> None:
    """The id is a function of the key: 'org-' and 16 hexadecimal digits of its SHA-256."""
    mention(tmp_path / "here", "甲股份有限公司", "乙有限公司", "甲股份有限公司")
    mention(tmp_path / "there", "乙有限公司", "甲股份有限公司")
    assert resolve(tmp_path / "here", tmp_path / "a", NIGHT) == Resolution(decided=2, decisions=2)
    resolve(tmp_path / "there", tmp_path / "b", NIGHT)
    assert decisions(tmp_path / "here") == decisions(tmp_path / "there")
    assert decisions(tmp_path / "here")["NAME:甲股份有限公司"] == (organization("NAME:甲股份有限公司"), NIGHT)
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
    assert {key: night for key, (_, night) in decisions(warehouse).items()} == {
        "NAME:甲": NIGHT,
        "NAME:乙": NIGHT,
        "NAME:丙": NEXT,
    }
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
    assert decisions(warehouse).keys() == {"NAME:甲"}
    resolve(mention(warehouse, "甲", "乙"), tmp_path / "d", NIGHT)
    assert decisions(warehouse)["NAME:乙"][1] == NIGHT
    resolve(warehouse, tmp_path / "d", NEXT)
    assert decisions(warehouse)["NAME:乙"][1] == NIGHT, "the earlier of two nights holds"


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


def test_decisions_of_the_time_before_codes_hold(tmp_path: Path) -> None:
    """Old files hold the name key and an organization numbered by it; both stay as they are."""
    (tmp_path / "d").mkdir()
    with duckdb.connect() as db:
        db.execute(
            "copy (select '甲' as name_key, 'org-old' as organization_id, 'exact_name' as method, 1.0 as score,"
            f" date '{NIGHT}' as decided_on) to '{tmp_path}/d/run_date={NIGHT}.parquet' (format parquet)"
        )
    before = files(tmp_path / "d")
    warehouse = mention(tmp_path / "w", "甲", "乙")
    assert resolve(warehouse, tmp_path / "d", NEXT) == Resolution(decided=1, decisions=2)
    assert decisions(warehouse)["NAME:甲"] == ("org-old", NIGHT)
    resolve(warehouse, tmp_path / "d", NEXT + timedelta(1))
    again = mention(tmp_path / "anew", "甲", "乙")
    assert resolve(again, tmp_path / "d", NEXT + timedelta(2)) == Resolution(decided=0, decisions=2)
    assert decisions(again) == decisions(warehouse)
    assert before.items() <= files(tmp_path / "d").items()


def test_a_code_is_one_organization_whatever_its_names(tmp_path: Path) -> None:
    warehouse = mention(tmp_path / "w", Mention("1", "甲"), Mention("1", "乙"), Mention("2", "丙"))
    resolve(warehouse, tmp_path / "d", NIGHT)
    assert organizations(warehouse) == {key: organization(key) for key in ("USCC:1", "USCC:2")}


def test_a_name_joins_the_one_code_that_bears_it(tmp_path: Path) -> None:
    """Where two codes bear it, it stands for itself; and where one does, on whichever night it comes."""
    warehouse = mention(tmp_path / "w", Mention("1", "甲"), "甲", Mention("1", "共"), Mention("2", "共"), "共")
    resolve(warehouse, tmp_path / "d", NIGHT)
    found = organizations(warehouse)
    assert found["NAME:甲"] == found["USCC:1"] == organization("USCC:1")
    assert found["NAME:共"] == organization("NAME:共")
    resolve(mention(warehouse, Mention("2", "乙"), "乙"), tmp_path / "d", NEXT)
    assert organizations(warehouse)["NAME:乙"] == found["USCC:2"]


def test_an_organization_known_by_name_takes_its_first_code(tmp_path: Path) -> None:
    """The next code with that name is another organization; so are two that come on one night."""
    warehouse = mention(tmp_path / "w", "甲", "共")
    resolve(warehouse, tmp_path / "d", NIGHT)
    now = ["甲", "共", Mention("1", "甲"), Mention("3", "共"), Mention("4", "共")]
    resolve(mention(warehouse, *now), tmp_path / "d", NEXT)
    resolve(mention(warehouse, *now, Mention("2", "甲")), tmp_path / "d", NEXT + timedelta(1))
    found = organizations(warehouse)
    assert found["USCC:1"] == found["NAME:甲"] == organization("NAME:甲")
    assert {key: found[key] for key in ("USCC:2", "USCC:3", "USCC:4", "NAME:共")} == {
        key: organization(key) for key in ("USCC:2", "USCC:3", "USCC:4", "NAME:共")
    }


def test_a_code_that_two_names_lead_to_takes_the_one_known_longer(tmp_path: Path) -> None:
    """Two organizations are never made one: the other keeps its name."""
    warehouse = mention(tmp_path / "w", "乙")
    resolve(warehouse, tmp_path / "d", NIGHT)
    resolve(mention(warehouse, "乙", "甲"), tmp_path / "d", NEXT)
    resolve(mention(warehouse, "乙", "甲", Mention("1", "甲"), Mention("1", "乙")), tmp_path / "d", NEXT + timedelta(1))
    found = organizations(warehouse)
    assert found["USCC:1"] == found["NAME:乙"] != found["NAME:甲"]


def test_the_method_says_how_it_was_found(tmp_path: Path) -> None:
    warehouse = mention(tmp_path / "w", Mention("1", "甲"), "甲", "乙")
    resolve(warehouse, tmp_path / "d", NIGHT)
    with duckdb.connect(str(warehouse)) as db:
        rows = db.execute("select mention_key, method, score from raw.identity_decision order by all").fetchall()
    assert rows == [("NAME:乙", "exact_name", 1.0), ("NAME:甲", "key_name", 0.95), ("USCC:1", "uscc", 1.0)]


def test_many_mentions_are_decided_at_once(tmp_path: Path) -> None:
    """As many names come with codes as without; every name without one finds its code."""
    with duckdb.connect(str(tmp_path / "w")) as db:
        db.execute("create schema intermediate")
        db.execute("""
            create table intermediate.int_organization__mentions as
            select 'USCC:' || i as mention_key, '公司' || i as name_key from range(100000) as numbers(i)
            union all select 'NAME:公司' || i, '公司' || i from range(100000) as numbers(i)
        """)
    assert resolve(tmp_path / "w", tmp_path / "d", NIGHT) == Resolution(decided=200000, decisions=200000)
    with duckdb.connect(str(tmp_path / "w")) as db:
        assert db.execute("select count(distinct organization_id) from raw.identity_decision").fetchall() == [(100000,)]


MENTIONS = st.builds(Mention, st.sampled_from(["1", "2", "3", None]), st.sampled_from("甲乙丙丁"))
LISTS = st.lists(MENTIONS, max_size=6)


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 3), LISTS), min_size=1, max_size=4))
def test_no_order_of_nights_takes_a_decision_back(
    tmp_path_factory: pytest.TempPathFactory, nights: list[tuple[int, list[Mention]]]
) -> None:
    """Whatever is built, and built again: what is in a file stays in it, a night again gives the same.

    A night of the past may decide what a later one had decided: then the earlier decision holds.
    """
    folder = tmp_path_factory.mktemp("identity")
    for offset, said in nights:
        night = NIGHT + timedelta(days=offset)
        before = rows_of(folder / "d")
        resolve(mention(folder / "w", *said), folder / "d", night)
        now = rows_of(folder / "d")
        assert before <= now
        assert {one.key for one in said} <= decisions(folder / "w").keys()
        assert all(decided <= night for _, decided in decisions(folder / "w").values())
        first = decisions(folder / "w")
        resolve(mention(folder / "w", *reversed(said)), folder / "d", night)
        assert (decisions(folder / "w"), rows_of(folder / "d")) == (first, now)
        mention(folder / "new", *said)
        resolve(folder / "new", folder / "d", night)
        assert decisions(folder / "new") == first


@settings(max_examples=15)
@given(st.lists(LISTS, min_size=1, max_size=4))
def test_codes_are_never_merged_and_names_never_guess(
    tmp_path_factory: pytest.TempPathFactory, nights: list[list[Mention]]
) -> None:
    """However the nights go: two codes are two organizations, and a name without a code is one.

    A name in the organization of a code was mentioned with it and, up to the night they were joined, with no other.
    """
    folder = tmp_path_factory.mktemp("identity")
    said: list[Mention] = []
    borne_on: list[dict[str, set[str]]] = []
    for offset, new in enumerate(nights):
        said += new
        borne_on.append({name: {m.code for m in said if m.name == name and m.code} for name in "甲乙丙丁"})
        resolve(mention(folder / "w", *said), folder / "d", NIGHT + timedelta(days=offset))
    members: dict[str, list[str]] = {}
    found = decisions(folder / "w")
    for key, (decided_for, _) in found.items():
        members.setdefault(decided_for, []).append(key)
    for keys in members.values():
        codes = [key[5:] for key in keys if key.startswith("USCC:")]
        names = [key[5:] for key in keys if key.startswith("NAME:")]
        assert len(codes) <= 1
        assert codes or len(names) == 1
        for name in names if codes else []:
            joined = max(found[f"NAME:{name}"][1], found[f"USCC:{codes[0]}"][1])
            assert borne_on[(joined - NIGHT).days][name] == set(codes)


@settings(max_examples=8)
@given(LISTS, st.randoms(use_true_random=False))
def test_the_order_of_mentions_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, said: list[Mention], dice: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("identity")
    shuffled = list(said)
    dice.shuffle(shuffled)
    for name, mentions in {"a": said, "b": shuffled}.items():
        resolve(mention(folder / name, *mentions), folder / f"{name}.d", NIGHT)
    assert decisions(folder / "a") == decisions(folder / "b")
    assert rows_of(folder / "a.d") == rows_of(folder / "b.d")


def rows_of(folder: Path) -> set[tuple[str, ...]]:
    """What the decision files hold, with the file."""
    if not folder.exists():
        return set()
    return {
        (file.name, *map(str, row.values())) for file in folder.iterdir() for row in pq.read_table(file).to_pylist()
    }
