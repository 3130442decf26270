"""Feeds that say only what is new: where the next reading begins, and how many records stand after some readings."""

from collections.abc import Callable
from datetime import date

from extractors.core.archive import Archive, Speaker
from extractors.core.pages import Since
from extractors.core.spec import Resource
from extractors.core.sql import literal, quoted, session


def since(archive: Archive, source: str, name: str, resource: Resource, run_date: date) -> Since:
    """Where a reading on the night `run_date` begins: everything is read when the last time that was done is too old.

    Attempts of the night itself do not count: the last one speaks for the night and must say all that the others said.
    """
    newest: str | None = None
    for night in reversed(archive.nights(source, name)):
        for speaker in archive.speaking(source, name, night) if night < run_date else []:
            outcome = speaker.attempt.outcome
            newest = newest or outcome.cursor
            if outcome.whole:
                age = (run_date - night).total_seconds()
                return Since(newest if resource.reconcile and age < resource.reconcile else None)
    return Since()


def standing(archive: Archive, source: str, name: str, resource: Resource, until: date) -> dict[str, int]:
    """How many records of each part stand after the night `until`: what the change log adds up to.

    That is the distinct keys of the last reading of everything and of all that was read after it.
    """
    speakers = _since_whole(archive, source, name, until, lambda speaker: speaker.attempt.outcome.whole)
    if not speakers:
        return {}
    keys = ", ".join(map(quoted, resource.record_key))
    said = " union all ".join(
        f"select _part, {keys} from read_parquet({literal(str(speaker.attempt.records()))}) "
        f"where _part in ({', '.join(map(literal, speaker.parts))})"
        for speaker in speakers
    )
    with session() as con:
        counts = con.execute(f"select _part, count(distinct ({keys})) from ({said}) group by 1").fetchall()
    return {part: 0 for speaker in speakers for part in speaker.parts} | dict(counts)


def _since_whole(
    archive: Archive, source: str, name: str, until: date, is_whole: Callable[[Speaker], bool]
) -> list[Speaker]:
    """Who spoke from the last reading of everything to the night `until`, newest first."""
    found: list[Speaker] = []
    for night in reversed(archive.nights(source, name)):
        speakers = archive.speaking(source, name, night) if night <= until else []
        found += speakers
        if any(map(is_whole, speakers)):
            return found
    return found
