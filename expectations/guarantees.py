"""Rules of database 3, guarantees: 3.1–3.13. Limits are in reference.guarantee_rule, a province's before the country's.

They speak of Chinese guarantors, whose law they are; 3.8, 3.9 and 3.13 of all. A guarantor above its cap is a
finding, never bad data. Who controls a guarantor is in no source yet: 3.13 sees the guarantor itself only.
"""

from collections.abc import Iterator

from expectations.guarantee_tables import (
    COMPENSATION,
    CONTRACT,
    COOPERATION,
    ENTITIES,
    GUARANTOR,
    GUARANTOR_QUARTER,
    TABLES,
    WITHHELD_CONTRACT,
)
from expectations.published import Release
from expectations.result import Severity
from expectations.rule import BATCH, Rule, no_rows

__all__ = ["ENTITIES", "TABLES", "rules"]

NEAR_CAP = 0.80
BALANCE_TOLERANCE = 0.01
COMPENSATED = 0.05
FEE = 0.03
FEE_SLIP = 0.20
SHARES_TOLERANCE = 0.001

# The newest quarter of every guarantor, with the guarantor's name, cap and province where a list has it.
_NEWEST = f"""
    newest as (
        select q.*, i.legal_name, i.province2, i.leverage_cap from {BATCH} as q
        left join {GUARANTOR} as i using (guarantor_id)
        qualify row_number() over (partition by guarantor_id order by period desc) = 1
    )"""
# Net assets less stakes, never divided by: where nothing is left of them, any liability is too much.
_OWN_CAP = """coalesce(leverage_cap, (
    select max(value) from reference.guarantee_rule where rule = 'leverage_cap' and area = 'CN' and valid_to is null
))"""
_USABLE = "greatest(net_assets_cny - coalesce(equity_in_guarantors_cny, 0), 0)"


def _limit(rule: str, province: str = "province2") -> str:
    """SQL of the limit in force: the one of the province, else of the country."""
    return f"""(
        select coalesce(max(value) filter (area = {province}), max(value) filter (area = 'CN'))
        from reference.guarantee_rule where rule = '{rule}' and valid_to is null
    )"""


def rules(release: Release) -> Iterator[Rule]:
    """The rules of guarantees, in order of their numbers."""
    yield from _licences(release)
    yield from _capital()
    yield _net_assets()
    yield from _leverage()
    yield _concentration()
    yield from _balance()
    yield from _contracts()
    yield from _compensations()
    yield from _ratios()
    yield _assets()
    yield from _fees()
    yield _self_guarantee()
    yield from _known_guarantors()


def _licences(release: Release) -> Iterator[Rule]:
    yield Rule(
        "3.1",
        GUARANTOR,
        "critical",
        "Every licence is one guarantor's",
        "no licence_no of two guarantors in business",
        no_rows(f"""
            select guarantor_id, legal_name, licence_no from {BATCH}
            where jurisdiction = 'CN' and status = '在业' and licence_no is not null
            qualify count(*) over (partition by licence_no) > 1
        """),
    )
    yield Rule(
        "3.1.listed",
        GUARANTOR,
        "critical",
        "A list names as in business only whose licence was valid on its day",
        "licence_from ≤ list_as_of ≤ licence_to for status 在业",
        no_rows(f"""
            select guarantor_id, legal_name, licence_from, licence_to, list_as_of from {BATCH}
            where jurisdiction = 'CN' and status = '在业' and (licence_from > list_as_of or licence_to < list_as_of)
        """),
    )
    yield Rule(
        "3.1.expired",
        GUARANTOR,
        "warning",
        "No licence has ended since its list was made",
        f"licence_to not before {release.run_date} for status 在业",
        no_rows(f"""
            select guarantor_id, legal_name, licence_to, list_as_of from {BATCH}
            where jurisdiction = 'CN' and status = '在业'
                and licence_to >= list_as_of and licence_to < date '{release.run_date}'
        """),
    )


def _capital() -> Iterator[Rule]:
    national = """(
        select max(value) from reference.guarantee_rule
        where rule = 'registered_capital_min' and area = 'CN' and valid_to is null
    )"""
    in_business = "jurisdiction = 'CN' and status = '在业'"
    yield Rule(
        "3.2",
        GUARANTOR,
        "critical",
        "Every guarantor in business has the capital the law asks for",
        "paid_in_capital_cny at least registered_capital_min of the country (2,000 万元)",
        no_rows(f"""
            select guarantor_id, legal_name, paid_in_capital_cny from {BATCH}
            where {in_business} and paid_in_capital_cny < {national}
        """),
    )
    yield Rule(
        "3.2.province",
        GUARANTOR,
        "warning",
        "Every guarantor in business has the capital its province asks for",
        "paid_in_capital_cny at least registered_capital_min of the province, where it asks for more",
        no_rows(f"""
            with guarantors as (select * from {BATCH})
            select guarantor_id, legal_name, province2, paid_in_capital_cny from guarantors
            where {in_business} and paid_in_capital_cny >= {national}
                and paid_in_capital_cny < {_limit("registered_capital_min")}
        """),
    )


def _net_assets() -> Rule:
    return Rule(
        "3.3",
        GUARANTOR_QUARTER,
        "critical",
        "Every guarantor that is published has net assets",
        "net_assets_cny above zero; others are in quarantine",
        no_rows(f"select guarantor_id, period, net_assets_cny from {BATCH} where net_assets_cny <= 0"),
    )


def _leverage() -> Iterator[Rule]:
    columns = "guarantor_id, legal_name, period, leverage_ratio, leverage_cap"
    yield Rule(
        "3.4",
        GUARANTOR_QUARTER,
        "warning",
        "No guarantor is near its leverage cap",
        f"weighted liability in the newest quarter under {NEAR_CAP:.0%} of the cap",
        no_rows(f"""
            with {_NEWEST}
            select {columns} from newest
            where weighted_liability_cny >= {NEAR_CAP} * {_OWN_CAP} * {_USABLE}
                and weighted_liability_cny < {_OWN_CAP} * {_USABLE}
        """),
    )
    yield Rule(
        "3.4.alert",
        GUARANTOR_QUARTER,
        "warning",
        "ALERT: no guarantor is at or above its leverage cap",
        "weighted liability in the newest quarter under the cap; a breach is the guarantor's, its figures stay",
        no_rows(f"""
            with {_NEWEST}
            select {columns} from newest where weighted_liability_cny > 0
                and weighted_liability_cny >= {_OWN_CAP} * {_USABLE}
        """),
    )


def _concentration() -> Rule:
    return Rule(
        "3.5",
        GUARANTOR_QUARTER,
        "warning",
        "No guarantor depends on one client or group",
        "largest client and group in the newest quarter at most client_share_max (10 %) and client_group_share_max"
        " (15 %) of the net assets",
        no_rows(f"""
            with {_NEWEST},
            shares as (
                select guarantor_id, legal_name, period, largest_client_cny / net_assets_cny as client_share,
                    largest_group_cny / net_assets_cny as group_share, {_limit("client_share_max")} as client_limit,
                    {_limit("client_group_share_max")} as group_limit
                from newest where net_assets_cny > 0
            )
            select * from shares where client_share > client_limit or group_share > group_limit
        """),
    )


def _balance() -> Iterator[Rule]:
    """Only where the quarter's last month is the newest that was reported: later months overwrite it.

    A contract whose row of that month is withheld stands as an earlier month had it and is missing in the sum: then
    nothing is known against the guarantor's figures, and one bad row stops no release.
    """
    expected = (
        f"sum of balance_amount within {BALANCE_TOLERANCE:.0%} of balance_cny, where that month was reported last"
    )
    cases: tuple[tuple[str, Severity, str, str], ...] = (
        ("3.6", "critical", "not", "and no contract of the guarantor's is withheld in it"),
        ("3.6.withheld", "warning", "", "and contracts of the guarantor's are withheld in it, which the sum lacks"),
    )
    for rule_id, severity, is_withheld, told in cases:
        yield Rule(
            rule_id,
            GUARANTOR_QUARTER,
            severity,
            "The contracts of a quarter's last month add up to its balance",
            f"{expected}, {told}",
            no_rows(f"""
                with months as (
                    select guarantor_id, report_period, sum(balance_amount) as contracts_cny from {CONTRACT}
                    where jurisdiction = 'CN' group by guarantor_id, report_period
                    qualify report_period = max(report_period) over (partition by guarantor_id)
                ),
                quarters as (
                    select *, left(period, 4) || '-' || lpad((right(period, 1)::integer * 3)::varchar, 2, '0')
                        as last_month
                    from {BATCH}
                ),
                withheld as (
                    select 'CN\\:' || split_part(src_record_id, ' ', 1) as guarantor_id,
                        split_part(src_record_id, ' ', 2) as report_period
                    from {WITHHELD_CONTRACT} where src_family = 'guarantor_reports'
                )
                select guarantor_id, period, balance_cny, contracts_cny
                from quarters join months using (guarantor_id)
                where report_period = last_month
                    and abs(contracts_cny - balance_cny) > {BALANCE_TOLERANCE} * balance_cny
                    and (guarantor_id, report_period) {is_withheld} in (from withheld)
            """),
        )


def _contracts() -> Iterator[Rule]:
    yield Rule(
        "3.7",
        CONTRACT,
        "critical",
        "Every weight is one the rules know",
        "risk_weight_ratio 0.75, 0.80 or 1.00 where given",
        no_rows(f"""
            select contract_id, risk_weight_ratio from {BATCH}
            where jurisdiction = 'CN' and risk_weight_ratio not in (0.75, 0.80, 1.00)
        """),
    )
    yield Rule(
        "3.8",
        CONTRACT,
        "critical",
        "The risk of a contract is shared out whole",
        f"shares of guarantor, lender and re-guarantor sum to 1 ± {SHARES_TOLERANCE}, where any is given",
        no_rows(f"""
            select contract_id, share_guarantor_ratio, share_bank_ratio, share_reguarantee_ratio from {BATCH}
            where coalesce(share_guarantor_ratio, share_bank_ratio, share_reguarantee_ratio) is not null
                and abs(coalesce(share_guarantor_ratio, 0) + coalesce(share_bank_ratio, 0)
                    + coalesce(share_reguarantee_ratio, 0) - 1) > {SHARES_TOLERANCE}
        """),
    )


def _compensations() -> Iterator[Rule]:
    yield Rule(
        "3.9",
        COMPENSATION,
        "critical",
        "Every payment fits its contract",
        "a known contract, paid_on not before it began, amount at most its principal",
        no_rows(f"""
            with paid as (select compensation_id, contract_id, paid_on, amount from {BATCH})
            select compensation_id, contract_id, paid_on, started_on, amount, principal_amount
            from paid left join {CONTRACT} using (contract_id)
            where principal_amount is null or paid_on < started_on or amount > principal_amount
        """),
    )
    yield Rule(
        "3.9.sum",
        COMPENSATION,
        "warning",
        "The payments for a contract stay within what the lender does not bear",
        "all payments of a contract together at most its principal less the bank's share, which the guarantor answers"
        " for with its re-guarantor; more is a payment reported twice, or interest",
        no_rows(f"""
            with paid as (
                select contract_id, count(*) as payments, sum(amount) as paid_amount from {BATCH} group by contract_id
            )
            select contract_id, payments, paid_amount, principal_amount, share_bank_ratio
            from paid join {CONTRACT} using (contract_id)
            where paid_amount > principal_amount * (1 - coalesce(share_bank_ratio, 0))
        """),
    )


def _ratios() -> Iterator[Rule]:
    columns = "guarantor_id, period, compensated_period_cny, released_period_cny, compensation_ratio"
    yield Rule(
        "3.10",
        GUARANTOR_QUARTER,
        "warning",
        "No guarantor pays for too many clients",
        f"compensation rate (代偿率) of the newest quarter at most {COMPENSATED:.0%}; any payment where nothing ended",
        no_rows(f"""
            with {_NEWEST}
            select {columns} from newest
            where compensated_period_cny > {COMPENSATED} * coalesce(released_period_cny, 0)
                and (compensated_period_cny <= released_period_cny or coalesce(released_period_cny, 0) = 0)
        """),
    )
    yield Rule(
        "3.10.over",
        GUARANTOR_QUARTER,
        "critical",
        "Nobody pays for more than what ended",
        "compensation rate at most 100 %; where nothing ended there is no rate (3.10)",
        no_rows(f"""
            select {columns} from {BATCH}
            where released_period_cny > 0 and compensated_period_cny > released_period_cny
        """),
    )


def _assets() -> Rule:
    return Rule(
        "3.11",
        GUARANTOR_QUARTER,
        "critical",
        "The classes of assets are part of the assets",
        "asset_i_cny + asset_ii_cny + asset_iii_cny at most assets_cny",
        no_rows(f"""
            select guarantor_id, period, asset_i_cny, asset_ii_cny, asset_iii_cny, assets_cny from {BATCH}
            where coalesce(asset_i_cny, 0) + coalesce(asset_ii_cny, 0) + coalesce(asset_iii_cny, 0) > assets_cny
        """),
    )


def _fees() -> Iterator[Rule]:
    yield Rule(
        "3.12",
        GUARANTOR_QUARTER,
        "warning",
        "No guarantor is dear",
        f"fee_ratio_avg of the newest quarter at most {FEE}",
        no_rows(f"""
            with {_NEWEST}
            select guarantor_id, legal_name, period, fee_ratio_avg from newest
            where fee_ratio_avg > {FEE} and fee_ratio_avg <= {FEE_SLIP}
        """),
    )
    yield Rule(
        "3.12.slip",
        GUARANTOR_QUARTER,
        "critical",
        "Fees are fractions",
        f"fee_ratio_avg at most {FEE_SLIP}; beyond, ‰ and % were likely confused",
        no_rows(f"select guarantor_id, period, fee_ratio_avg from {BATCH} where fee_ratio_avg > {FEE_SLIP}"),
    )


def _self_guarantee() -> Rule:
    return Rule(
        "3.13",
        CONTRACT,
        "critical",
        "Nobody guarantees for itself",
        "the client of a contract is another organization than its guarantor",
        no_rows(f"""
            with contracts as (select contract_id, guarantor_id, client_organization_id, client_name from {BATCH})
            select contract_id, guarantor_id, client_name
            from contracts join {GUARANTOR} as guarantor using (guarantor_id)
            where client_organization_id = guarantor.organization_id or client_name = guarantor.legal_name
        """),
    )


def _known_guarantors() -> Iterator[Rule]:
    """A report may come before the list that names its guarantor; and a guarantor may report on without a licence."""
    for reports in (GUARANTOR_QUARTER, CONTRACT, COOPERATION):
        yield Rule(
            "3.guarantor",
            reports,
            "warning",
            "Every guarantor that reports is on a list, in business",
            f"guarantor_id in {GUARANTOR} with status 在业",
            no_rows(f"""
                with counted as (select guarantor_id, count(*) as rows from {BATCH} group by guarantor_id)
                select guarantor_id, rows, status from counted left join {GUARANTOR} using (guarantor_id)
                where status is distinct from '在业'
            """),
        )
