"""What every declared resource gave tonight and how old what stands of it is, for `raw.fetch`."""

from collections.abc import Collection
from datetime import date
from typing import Any

from extractors.core.archive import Archive, KnownPart, PartCount
from extractors.core.deltas import standing
from extractors.core.spec import Resource, SourceSpec, all_specs


def rows(archive: Archive, run_date: date, selected: Collection[str]) -> list[dict[str, Any]]:
    """One row a declared resource; `selected`: the sources that the night was to ask."""
    return [
        _row(archive, run_date, spec, name, resource, selected)
        for spec in all_specs().values()
        for name, resource in spec.resources.items()
    ]


def _row(
    archive: Archive, run_date: date, spec: SourceSpec, name: str, resource: Resource, selected: Collection[str]
) -> dict[str, Any]:
    delivered = spec.http is None
    tonight = archive.last(spec.id, name, run_date)
    accepted = tonight if delivered else archive.accepted(spec.id, name, run_date) or tonight
    # Each part with the counts of the night on which it last came whole.
    known = archive.known_parts(spec.id, name, run_date).values()
    parts = [part.count for part in known]
    since = _good_since(known, delivered)
    oldest = spec.cadence.max_age_nights
    old = [part for part in known if part.count.records and (run_date - part.run_date).days > oldest]
    if resource.mode == "delta" and parts:
        # A night of changes says nothing about most rows: what stands is what all readings add up to.
        there = sum(standing(archive, spec.id, name, resource, run_date).values())
        parts = [PartCount(fetched=there, records=there, declared=there)]
    counts = {
        # Less what the source itself counts twice. What a delivered file declares is compared with all its rows, when
        # it is taken.
        "declared_total": None if delivered else sum(part.declared - part.repeats for part in parts),
        "fetched": sum(part.fetched for part in parts),
        "duplicates": sum(part.fetched - part.records - part.rejected for part in parts),
        "rejected": sum(part.rejected for part in parts),
        "records": sum(part.records for part in parts),
    }
    return {
        "source_id": spec.id,
        "resource": name,
        "title": spec.title,
        "publisher": spec.publisher.name,
        "homepage": spec.publisher.homepage,
        "licence": spec.licence.name,
        "terms_url": spec.licence.terms,
        "cadence": spec.cadence.cron,
        "max_age_nights": oldest,
        "status": accepted.outcome.status if accepted else "not_run",
        "message": accepted.outcome.message if accepted else None,
        "good_run_date": since,
        "age_nights": (run_date - since).days if since else None,
        "old_parts": 0 if delivered else len(old),
        **(counts if parts else dict.fromkeys(counts)),
        "selected": spec.id in selected,
        "visibility": spec.visibility(name),
        "trial": spec.trial,
    }


def _good_since(known: Collection[KnownPart], delivered: bool) -> date | None:
    """The night that says how old a resource is.

    Deliveries come when they come, each of its part: the newest counts. Else it is the night since which half of the
    parts with rows have come whole: one holder out of a hundred that is down for weeks ages itself, not all of them.
    """
    nights = sorted(part.run_date for part in known if part.count.records or delivered)
    nights = nights or sorted(part.run_date for part in known)
    if not nights:
        return None
    return nights[-1] if delivered else nights[(len(nights) - 1) // 2]
