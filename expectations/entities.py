"""Rules for the tables in which records of sources end: S4, S8, fill rates, quarantine and ledger counts.

The lower bound of S4 is the business of each database (7.2).
"""

from collections.abc import Iterator, Sequence

import great_expectations.expectations as gxe

from expectations.published import ROW_BALANCE, SOURCE_STATUS, Entity, Release
from expectations.rule import BATCH, Rule, literal, no_rows

MATCHED = 0.90
FILL_LOSS = 0.05


def rules(release: Release) -> Iterator[Rule]:
    """The rules of every declared entity, and the ledger's count of all of them."""
    for entity in release.entities:
        yield from _growth(release, entity)
        yield _fill(release, entity)
        yield from _matched(entity)
        yield _withheld(entity)
    if entities := [entity for entity in release.entities if entity.table in release.tables]:
        yield _counted(entities)


def _growth(release: Release, entity: Entity) -> Iterator[Rule]:
    table, growth = entity.table, entity.growth
    if growth is None:
        return
    yield Rule(
        "S4",
        table,
        "critical",
        "No source grew beyond belief",
        f"at most {growth - 1:.0%} more rows per source than in the previous release",
        no_rows(f"""
            with now as (select src_family, count(*) as rows_now from {BATCH} group by src_family),
            before as (select src_family, count(*) as rows_before from previous.{table} group by src_family)
            select * from now join before using (src_family) where rows_now > {growth} * rows_before
        """)
        if table in release.previous
        else None,
        relative=True,
    )


def _fill(release: Release, entity: Entity) -> Rule:
    table = entity.table
    shared = {*release.tables.get(table, ())} & {*release.previous.get(table, ())} - {"src_family"}
    rates = ", ".join(f"count({column}) / count(*) as {column}" for column in sorted(shared))
    grouped = f"select src_family, {rates} from {{}} group by src_family"
    filled = f"unpivot ({grouped}) on columns(* exclude (src_family))"
    return Rule(
        "fill",
        table,
        "warning",
        "No column emptied",
        f"per source and column at most {FILL_LOSS:.0%} fewer rows with a value than in the previous release",
        no_rows(f"""
            with now as ({filled.format(BATCH)} into name "column" value filled_now),
            before as ({filled.format(f"previous.{table}")} into name "column" value filled_before)
            select * from now join before using (src_family, "column")
            where filled_now < filled_before - {FILL_LOSS}
        """)
        if shared
        else None,
        relative=True,
    )


def _matched(entity: Entity) -> Iterator[Rule]:
    for column in entity.organizations:
        yield Rule(
            "S8",
            entity.table,
            "warning",
            "Rows are matched with an organization",
            f"{column} in at least {MATCHED:.0%} of the rows",
            gxe.ExpectColumnValuesToNotBeNull(column=column, mostly=MATCHED),
        )


def _withheld(entity: Entity) -> Rule:
    owned = ", ".join(f"({literal(source)})" for source in entity.sources)
    return Rule(
        "quarantine.share",
        entity.quarantine,
        "critical",
        "Little of any source is withheld",
        f"at most {entity.withheld:.0%} of a source's records in quarantine",
        no_rows(f"""
            with withheld as (select src_family, count(*) as quarantined from {BATCH} group by src_family),
            owned(source) as (values {owned}),
            sources as (
                select source_id as src_family, sum(records) as records from {SOURCE_STATUS}
                join owned on source = source_id || '/' || resource
                group by source_id
            )
            select src_family, quarantined, records from withheld left join sources using (src_family)
            where quarantined > {entity.withheld} * coalesce(records, 0)
        """),
    )


def _counted(entities: Sequence[Entity]) -> Rule:
    counted = " union all ".join(
        f"select {literal(entity.table)} as entity, src_family as source_id, count(*) as rows_in_release"
        f" from {entity.table} where {entity.current} group by src_family"
        for entity in entities
    )
    owned = ", ".join(
        f"({literal(source)}, {literal(entity.table)})" for entity in entities for source in entity.sources
    )
    return Rule(
        "ledger.published",
        ROW_BALANCE,
        "critical",
        "The rows the ledger calls published are in the release",
        "published equal to the number of rows from that source, in every table in which records end",
        no_rows(f"""
            with counted as ({counted}),
            owned(source, entity) as (values {owned}),
            ledger as (
                select source_id, entity, sum(published)::bigint as published from {BATCH}
                join owned on source = source_id || '/' || resource
                group by source_id, entity
            )
            select source_id, entity, published, coalesce(rows_in_release, 0) as rows_in_release
            from ledger left join counted using (source_id, entity)
            where published <> coalesce(rows_in_release, 0)
        """),
    )
