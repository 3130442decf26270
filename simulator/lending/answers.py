"""The answers to questions that the two lending databases must answer, worked out from the world, not with SQL.

Questions 1, 2, 8, 13, 14 and 15 of the domain model, on a night, from what has been delivered and read by then.
"""

import datetime as dt
from collections import defaultdict

from simulator.lending.delivered import Delivered
from simulator.lending.offered import product_id, seen
from simulator.lending.penalties import WIDE
from simulator.lending.products import TECH_SME, Product
from simulator.lending.truth import Rows, tables

_ALERT, _CLIENT, _GROUP, _EXPOSURE, _BANK_SHARE = 0.9, 0.10, 0.15, 5_000_000, 0.20
_CAP = 10
_RATE, _UNSECURED, _LIMIT = 0.03, "信用", 5_000_000


class Answers:
    """The answers on a night; `told` are the tables of its truth."""

    def __init__(self, delivered: Delivered, told: dict[str, Rows] | None = None) -> None:
        self.delivered = delivered
        self.told = told or tables(delivered)

    def all(self) -> dict[str, Rows]:
        """Every answer by the number of its question."""
        return {
            "question_01": self.near_the_cap(),
            "question_02": self.concentrated(),
            "question_08": self.unsecured_for_tech_companies(),
            "question_13": self.compensation_rates(),
            "question_13_by_industry": self.compensation_by_industry(),
            "question_13_alerts": self.rising_compensation(),
            "question_14": self.guaranteed_twice(),
            "question_15": self.small_bank_shares(),
        }

    def _quarters(self) -> dict[str, list[dict[str, object]]]:
        """Quarters by guarantor, the newest first."""
        found: dict[str, list[dict[str, object]]] = defaultdict(list)
        for row in sorted(
            self.told["guarantees.institution_quarter"], key=lambda row: str(row["period"]), reverse=True
        ):
            found[str(row["guarantor_id"])].append(row)
        return found

    def near_the_cap(self) -> Rows:
        """1: guarantors at 90 % or more of their cap in their newest quarter, with the leverage of the last four.

        One that is on no list stands under the country's cap; a quarter that was not reported leaves a gap.
        """
        caps = {row["guarantor_id"]: row["leverage_cap"] for row in self.told["guarantees.institution"]}
        rows: Rows = []
        for guarantor, quarters in self._quarters().items():
            cap = caps.get(guarantor) or _CAP
            used = _float(quarters[0]["leverage_ratio"]) / int(str(cap))
            last = _number(quarters[0])
            if used >= _ALERT:
                rows.append(
                    {
                        "guarantor_id": guarantor,
                        "period": quarters[0]["period"],
                        "leverage_cap": cap,
                        "used_ratio": used,
                        "trend": [_float(one["leverage_ratio"]) for one in quarters if _number(one) > last - 4],
                    }
                )
        return rows

    def concentrated(self) -> Rows:
        """2: guarantors whose largest client is above 10 % or group above 15 % of net assets, with those clients."""
        exposures: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
        for row in self._in_force():
            name = str(row["client_name"])
            exposures[str(row["guarantor_id"])][("client", name)] += _int(row["balance_amount"])
            if row["client_group"]:
                exposures[str(row["guarantor_id"])][("group", str(row["client_group"]))] += _int(row["balance_amount"])
        rows: Rows = []
        for guarantor, (newest, *_) in self._quarters().items():
            net_assets = _int(newest["net_assets_cny"])
            client = _int(newest["largest_client_cny"]) / net_assets
            group = _int(newest["largest_group_cny"]) / net_assets
            if client > _CLIENT or group > _GROUP:
                rows.append(
                    {
                        "guarantor_id": guarantor,
                        "period": newest["period"],
                        "client_ratio": client,
                        "group_ratio": group,
                        "clients": sorted(
                            name
                            for (kind, name), amount in exposures[guarantor].items()
                            if amount > net_assets * (_CLIENT if kind == "client" else _GROUP)
                        ),
                    }
                )
        return rows

    def _in_force(self) -> Rows:
        return [row for row in self.told["guarantees.contract"] if row["status"] == "在保"]

    def unsecured_for_tech_companies(self) -> Rows:
        """8: by prefecture, what its banks with a tech branch offer unsecured up to 500 万元 to technology companies.

        Published products of today for companies, which ask for no guarantee, are offered in the prefecture and have no
        hard criterion on qualifications but one that names 科技型中小; cheapest first, one whose rate cannot be read
        last. Without banks that were penalized for lending within the last twelve months, by the day of the decision,
        or of its publication where a page tells no other.
        """
        penalized = self._penalized_for_lending()
        licensed = {
            row["institution_id"]
            for row in self.told["financial_institutions.institution"]
            if row["licence_status"] == "在业"
        }
        cities: dict[str, set[str]] = defaultdict(set)
        for row in self.told["financial_institutions.branch"]:
            if row["is_tech_branch"] and row["status"] == "在业":
                cities[str(row["institution_id"])].add(str(row["city_unit"]))
        shut = {product_id(one.product) for one in seen(self.delivered) if one.is_current and _shuts_out(one.product)}
        rows: Rows = [
            {
                "city_unit": city,
                "institution_id": row["institution_id"],
                "product_id": row["product_id"],
                "rate_min": row["rate_min"],
            }
            for row in self.told["financial_institutions.product"]
            if self._is_offered(row) and row["product_id"] not in shut and row["institution_id"] in licensed - penalized
            for city in cities[str(row["institution_id"])]
            if _is_offered_in(city, row["regions"])
        ]
        return sorted(
            rows,
            key=lambda row: (
                str(row["city_unit"]),
                row["rate_min"] is None,
                _float(row["rate_min"] or 0),
                str(row["product_id"]),
            ),
        )

    def _is_offered(self, row: dict[str, object]) -> bool:
        """Whether a version of a product is offered tonight, to companies, unsecured and small."""
        night = self.delivered.night
        begin, end = row["stated_from"], row["stated_to"]
        return bool(
            row["is_current"]
            and row["status"] == "published"
            and row["category"] == _UNSECURED
            and row["target"] == "企业"
            and not row["is_guarantee_required"]
            and _int(row["limit_max_amount"]) <= _LIMIT
            and (not isinstance(begin, dt.date) or begin <= night)
            and (not isinstance(end, dt.date) or end >= night)
        )

    def _penalized_for_lending(self) -> set[object]:
        night = self.delivered.night
        return {
            f"CN:{bank.code}"
            for penalty in self.delivered.lending.penalties.at(night)
            if penalty.is_lending
            and _a_year_before(night)
            < (penalty.published_on if penalty.layout == WIDE else penalty.decided_on)
            <= night
            for bank in penalty.banks
        }

    def compensation_rates(self) -> Rows:
        """13: payments to what was released, by guarantor and year of its quarters."""
        paid: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in self.told["guarantees.institution_quarter"]:
            sums = paid[str(row["guarantor_id"]), int(str(row["period"])[:4])]
            for place, name in enumerate(("compensated_period_cny", "released_period_cny", "recovered_period_cny")):
                sums[place] += _int(row[name])
        return [
            {
                "guarantor_id": guarantor,
                "year": year,
                "compensated_cny": compensated,
                "released_cny": released,
                "recovered_cny": recovered,
                "compensation_ratio": compensated / released if released else None,
            }
            for (guarantor, year), (compensated, released, recovered) in sorted(paid.items())
        ]

    def compensation_by_industry(self) -> Rows:
        """13: payments that are known one by one, by guarantor, year and industry of the client."""
        industries = {row["contract_id"]: str(row["industry"]) for row in self.told["guarantees.contract"]}
        sums: dict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0])
        for row in self.told["guarantees.compensation"]:
            paid_on = row["paid_on"]
            assert isinstance(paid_on, dt.date)
            key = (str(row["guarantor_id"]), paid_on.year, industries[row["contract_id"]])
            sums[key][0] += _int(row["amount"])
            sums[key][1] += _int(row["recovered_amount"])
        return [
            {
                "guarantor_id": key[0],
                "year": key[1],
                "industry": key[2],
                "amount": amount,
                "recovered_amount": recovered,
            }
            for key, (amount, recovered) in sorted(sums.items())
        ]

    def rising_compensation(self) -> Rows:
        """13: guarantors above 3 % in their newest quarter that recovered less than in the quarter before."""
        return [
            {
                "guarantor_id": guarantor,
                "period": quarters[0]["period"],
                "compensation_ratio": quarters[0]["compensation_ratio"],
                "recovered_cny": quarters[0]["recovered_period_cny"],
                "recovered_before_cny": quarters[1]["recovered_period_cny"],
            }
            for guarantor, quarters in self._quarters().items()
            if len(quarters) > 1
            and _float(quarters[0]["compensation_ratio"] or 0) > _RATE
            and _int(quarters[0]["recovered_period_cny"]) < _int(quarters[1]["recovered_period_cny"])
        ]

    def guaranteed_twice(self) -> Rows:
        """14: companies under guarantees of two or more institutions at once, above 500 万元 in all.

        By the company: a contract that names it without its code is its own all the same. One that has ended before the
        night no longer counts, though the newest report may still have it in force.
        """
        found: dict[str, tuple[set[str], list[int]]] = defaultdict(lambda: (set(), []))
        for row in self._in_force():
            ends_on = row["ends_on"]
            if isinstance(ends_on, dt.date) and ends_on < self.delivered.night:
                continue
            guarantors, amounts = found[str(row["client_name"])]
            guarantors.add(str(row["guarantor_id"]))
            amounts.append(_int(row["balance_amount"]))
        return [
            {"client_name": name, "guarantors": sorted(guarantors), "exposure_cny": sum(amounts)}
            for name, (guarantors, amounts) in sorted(found.items())
            if len(guarantors) > 1 and sum(amounts) > _EXPOSURE
        ]

    def small_bank_shares(self) -> Rows:
        """15: pairs of guarantor and bank in whose newest quarter the bank keeps less than 20 % of the risk.

        A cooperation that has ended by the night does not count.
        """
        newest: dict[tuple[str, str], dict[str, object]] = {}
        for row in sorted(self.told["guarantees.bank_cooperation"], key=lambda row: str(row["period"])):
            newest[str(row["guarantor_id"]), str(row["institution_id"])] = row
        return [
            {
                "guarantor_id": guarantor,
                "institution_id": bank,
                "period": row["period"],
                "bank_share_ratio": row["bank_share_ratio"],
            }
            for (guarantor, bank), row in sorted(newest.items())
            if _float(row["bank_share_ratio"]) < _BANK_SHARE and not _has_ended(row, self.delivered.night)
        ]


def _number(quarter: dict[str, object]) -> int:
    """A quarter as a number, one more than the quarter before."""
    period = str(quarter["period"])
    return int(period[:4]) * 4 + int(period[-1])


def _has_ended(cooperation: dict[str, object], night: dt.date) -> bool:
    end = cooperation["valid_to"]
    return end is not None and str(end) < str(night)


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _float(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _shuts_out(product: Product) -> bool:
    """Whether a hard criterion asks for qualifications among which 科技型中小 is not."""
    asked = [rule for rule in product.criteria if rule.is_hard and rule.field == "qualification"]
    return any(TECH_SME not in (rule.value or "") for rule in asked)


def _is_offered_in(city: str, regions: object) -> bool:
    """Whether a product of these regions is offered in a prefecture; without regions it is everywhere."""
    assert isinstance(regions, list)
    return not regions or any(str(region)[:4] in (city, f"{city[:2]}00") for region in regions)


def _a_year_before(night: dt.date) -> dt.date:
    return night.replace(year=night.year - 1) if (night.month, night.day) != (2, 29) else night - dt.timedelta(days=366)
