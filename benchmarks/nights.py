"""A night on which 1 % changed against the first, full one: build and publish, each in a fresh process."""

import json
import os
from pathlib import Path
from urllib.request import urlopen

from benchmarks.measure import run
from benchmarks.server import NIGHT, serving

SECOND = "2026-07-14"


def main(size: int, folder: Path) -> None:
    """Print the seconds of every step of both nights and their ratio."""
    os.environ |= {"FSDB_DATA_DIR": str(folder), "FSDB_LOG_FORMAT": "json"}
    print(f"nights, {size:,} projects, 1 % changed")
    print(f"  {'step':10}{'full s':>10}{'1 % s':>10}{'ratio':>8}{'full MB':>10}{'1 % MB':>10}")
    costs: dict[str, dict[str, tuple[float, float]]] = {}
    with serving(size, change_share=0.01) as base:
        os.environ["FSDB_UPSTREAM"] = base
        for night in (NIGHT, SECOND):
            urlopen(f"{base}/__night/{night}").close()
            cost = run("-m", "benchmarks.steps", night)
            costs[night] = json.loads(cost.output.splitlines()[-1]) | {"all": (0.0, cost.megabytes)}
    first, second = costs[NIGHT], costs[SECOND]
    for step in ("extract", "build", "audit", "publish"):
        full, little = first[step][0], second[step][0]
        print(f"  {step:10}{full:>10.1f}{little:>10.1f}{little / full:>8.2f}")
    full, little = (sum(nights[step][0] for step in ("build", "publish")) for nights in (first, second))
    print(f"  build and publish: {little:.1f} s against {full:.1f} s, ratio {little / full:.2f} (target 0.10)")
    print(f"  peak memory: {first['all'][1]:.0f} MB and {second['all'][1]:.0f} MB")
