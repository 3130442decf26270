"""dbt parsed once, and two build files of the same nights: one built night by night, one at once."""

import os
from collections.abc import Callable, Iterator

import pytest
from listing_build import Dbt, Lived, Warehouse
from listing_world import LATE, NIGHTS, Change, change_logs, until

from tests.installation import Begun


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory, begun_with: Begun) -> Iterator[Dbt]:
    """dbt, with the project parsed."""
    before = os.environ.get("FSDB_WAREHOUSE")
    yield Dbt(tmp_path_factory.mktemp("dbt"), begun_with)
    if before is None:
        os.environ.pop("FSDB_WAREHOUSE", None)
    else:
        os.environ["FSDB_WAREHOUSE"] = before


@pytest.fixture(scope="session")
def new_warehouse(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Warehouse]:
    """Makes build files."""
    return lambda: Warehouse(tmp_path_factory.mktemp("warehouse"), dbt)


@pytest.fixture(scope="session")
def empty(dbt: Dbt, new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A build file with every model and seed, and without a record."""
    warehouse = new_warehouse()
    dbt.begin(warehouse.path)
    return warehouse


@pytest.fixture(scope="session")
def changes() -> list[Change]:
    """Four nights of three lists."""
    return change_logs(random_seed=20260713, projects=60)


@pytest.fixture(scope="session")
def night_by_night(new_warehouse: Callable[[], Warehouse], changes: list[Change]) -> Lived:
    """A build file that has lived through every night, and what it showed after each build.

    On the second night Shenzhen is down and Beijing is late: it answers when the others have been built.
    """
    lived = Lived(new_warehouse())
    for night in NIGHTS:
        late = [change for change in changes if (change.source, change.night) == LATE == (change.source, night)]
        seen = [change for change in until(night, changes) if change not in late]
        tonight = [change for change in seen if change.night == night]
        lived.build(night, seen, None if night == NIGHTS[0] else tonight)
        if late:
            lived.build(night, seen + late, late)
    return lived


@pytest.fixture(scope="session")
def at_once(new_warehouse: Callable[[], Warehouse], changes: list[Change]) -> Warehouse:
    """A build file made of all nights on the last."""
    warehouse = new_warehouse()
    warehouse.build(NIGHTS[-1], changes)
    return warehouse
