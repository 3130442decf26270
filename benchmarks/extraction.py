"""Extraction of a simulated population: our extractors against the floor, per source and in all."""

from pathlib import Path

from benchmarks.measure import run
from benchmarks.server import serving


def main(size: int, folder: Path) -> None:
    """Print rows per second, peak memory and the ratio to the floor."""
    folder.mkdir(parents=True)
    print(f"extraction, {size:,} projects")
    heads = ("rows", "floor s", "ours s", "ratio", "rows/s", "floor MB", "ours MB")
    print(f"  {'source':8}" + "".join(f"{head:>10}" for head in heads))
    total_floor = total_ours = 0.0
    with serving(size) as base:
        for source in ("sse", "szse", "bse"):
            floor = run("-m", "benchmarks.floor", base, source, str(folder / f"{source}.parquet"))
            ours = run("-m", "benchmarks.ours", base, source, str(folder / "raw"))
            rows = int(ours.output)
            total_floor, total_ours = total_floor + floor.seconds, total_ours + ours.seconds
            figures = (
                f"{rows:,}",
                f"{floor.seconds:.1f}",
                f"{ours.seconds:.1f}",
                f"{ours.seconds / floor.seconds:.2f}",
                f"{rows / ours.seconds:,.0f}",
                f"{floor.megabytes:.0f}",
                f"{ours.megabytes:.0f}",
            )
            print(f"  {source:8}" + "".join(f"{figure:>10}" for figure in figures), flush=True)
    ratio = total_ours / total_floor
    print(f"  all: {total_ours:.1f} s against {total_floor:.1f} s, ratio {ratio:.2f} (target 1.5)")
