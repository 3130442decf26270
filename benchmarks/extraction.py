"""Extraction of a simulated population: our extractors against the floor, per source and in all."""

from pathlib import Path

from benchmarks.measure import run
from benchmarks.server import serving


def main(size: int, folder: Path) -> None:
    """Print rows per second, peak memory and the ratio to the floor."""
    folder.mkdir(parents=True)
    print(f"extraction, {size:,} projects")
    print(
        f"  {'source':8}{'rows':>10}{'floor s':>10}{'ours s':>10}{'ratio':>8}{'rows/s':>12}{'floor MB':>10}{'ours MB':>10}"
    )
    total_floor = total_ours = 0.0
    with serving(size) as base:
        for source in ("sse", "szse", "bse"):
            floor = run("-m", "benchmarks.floor", base, source, str(folder / f"{source}.parquet"))
            ours = run("-m", "benchmarks.ours", base, source, str(folder / "raw"))
            rows = int(ours.output)
            total_floor, total_ours = total_floor + floor.seconds, total_ours + ours.seconds
            print(
                f"  {source:8}{rows:>10,}{floor.seconds:>10.1f}{ours.seconds:>10.1f}{ours.seconds / floor.seconds:>8.2f}"
                f"{rows / ours.seconds:>12,.0f}{floor.megabytes:>10.0f}{ours.megabytes:>10.0f}",
                flush=True,
            )
    print(f"  all: {total_ours:.1f} s against {total_floor:.1f} s, ratio {total_ours / total_floor:.2f} (target 1.5)")
