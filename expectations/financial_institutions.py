"""Rules of database 1, financial institutions and products: 1.1–1.12 of the model.

They look at what is current. What a source said of itself that breaks a row rule was withheld before (quarantine); a
criterion, limit or rate that gets here broken is our mistake, and stops the release.
"""

from collections.abc import Iterator
from datetime import date

from expectations.published import PROVENANCE, TRUST, Entity, Release, table
from expectations.result import Severity
from expectations.rule import BATCH, Rule, literal, no_rows

INSTITUTION = "financial_institutions.institution"
BRANCH = "financial_institutions.branch"
PRODUCT = "financial_institutions.product"
CRITERION = "financial_institutions.product_criterion"
PENALTY = "financial_institutions.penalty"
WITHHELD_INSTITUTION = "quarantine.financial_institution"
WITHHELD_BRANCH = "quarantine.bank_branch"

# The regulator's list of 2025-12-31: how many banks of these kinds there are.
KNOWN_LIST = date(2025, 12, 31)
KNOWN_COUNTS = {"国有大型": 6, "股份制": 12, "民营": 19}

LIMIT_MAX = 1_000_000_000
RATE_MAX_CN, RATE_MAX_ABROAD, RATE_HIGH = 0.24, 1, 0.10
TERM_MONTHS = (1, 360)
REVIEWED_MONTHS = 12

# How names of organizations end or what they hold; a natural person's has none of it, but for an employer beside it.
ORGANIZATION = (
    "(行|司|社|部|所|处|中心|会|局|院|厂|站|店|集团|合伙）?|经纪|代理|单位|机构)$|公司|银行|信用|信托|保险|基金|合作"
)
EMPLOYED = "时任|现任|先生|女士"
PENALIZED = "对([\\p{Han}·]{2,4})(给予|处以|警告|罚款|禁止|取消)"

# An offer may begin or end on a day to come.
TABLES = {
    INSTITUTION: table(
        "institution_id",
        "jurisdiction organization_id nfra_code legal_name name_en fi_type fi_type_raw supervisor_unit business_number"
        f" licence_status list_as_of first_seen_on {PROVENANCE}",
        {
            **TRUST,
            "jurisdiction": "'CN', 'AU'",
            "fi_type": "select fi_type from reference.fi_type_map",
            "licence_status": "'在业', '注销', '吊销'",
        },
    ),
    BRANCH: table(
        "branch_id",
        "institution_id parent_branch_id branch_name cnaps12 region6 city_unit is_tech_branch status list_period"
        f" {PROVENANCE}",
        {**TRUST, "status": "'在业', '注销'", "region6": "select code from reference.region"},
    ),
    PRODUCT: table(
        "product_id version",
        "jurisdiction institution_id product_no product_name category category_raw target currency limit_min_amount"
        " limit_max_amount limit_raw rate_min rate_max rate_basis rate_raw rate_flag term_min_months term_max_months"
        " repay_method is_guarantee_required risk_share_bank_ratio has_subsidy regions stated_from stated_to status"
        f" reviewed_on valid_from valid_to is_current {PROVENANCE}",
        {
            **TRUST,
            "jurisdiction": "'CN', 'AU'",
            "category": "select category from reference.product_category_map",
            "target": "'企业', '个体', '团队'",
            "currency": "'CNY', 'AUD'",
            "rate_basis": "'固定', 'LPR+bp', '浮动', '固定/浮动'",
            "rate_flag": "'percent_slip', 'unreadable', 'zero'",
            "status": "'draft', 'published', 'offline', 'withdrawn'",
        },
        ends="stated_from stated_to",
    ),
    CRITERION: table(
        "product_id version seq",
        f"subject field op value unit is_hard weight text is_current {PROVENANCE}",
        {
            **TRUST,
            "subject": "'company', 'credit', 'entry', 'vc', 'listing'",
            "op": "'=', '≠', '≥', '≤', 'in', 'not_in', 'exists', 'none_since'",
        },
    ),
    PENALTY: table(
        "penalty_id",
        "decision_no organization_id institution_id party_name authority decided_on published_on amount_cny reason"
        f" basis decision_text {PROVENANCE}",
        TRUST,
    ),
    **{
        f"quarantine.{entity}": table(
            "src_family resource src_record_id",
            "src_url file_sha256 fetched_at as_of row_hash dq_status rule reason raw_record run_date",
            TRUST,
        )
        for entity in ("financial_institution", "bank_branch", "financial_product", "financial_penalty")
    },
    "reference.criterion_field": table("subject field", "value_type unit_kind"),
    "reference.fi_type_map": table("word", "fi_type"),
    "reference.product_category_map": table("jurisdiction word", "category"),
    "reference.unit": table("word", "kind factor base"),
}

# Rows of products are versions, and banks come and go: how much came is judged where it arrives. Catalogues of partners
# are dirty, and every withheld row says why; a page of the regulator that nobody can read is withheld too.
ENTITIES = (
    Entity(INSTITUTION, ("nfra_institutions/institution", "cdr/brand"), WITHHELD_INSTITUTION),
    Entity(BRANCH, ("bank_branches/branch",), WITHHELD_BRANCH, organizations=(), growth=None, withheld=0.05),
    Entity(
        PRODUCT,
        ("bank_products/product", "cdr/product"),
        "quarantine.financial_product",
        current="is_current",
        organizations=(),
        growth=None,
        withheld=0.10,
    ),
    Entity(PENALTY, ("nfra_penalties/penalty",), "quarantine.financial_penalty", withheld=0.05),
)


def rules(release: Release) -> Iterator[Rule]:
    """The rules of financial institutions, in order of their numbers."""
    yield from _institutions()
    yield from _limits()
    yield from _rates()
    yield _terms()
    yield _active_institution()
    yield from _criteria()
    yield from _products(release)
    yield from _branches()
    yield _persons()


def _institutions() -> Iterator[Rule]:
    yield Rule(
        "1.1",
        INSTITUTION,
        "critical",
        "Every Chinese institution has a code of its own",
        "nfra_code of one letter, four digits, one letter and nine digits; no code twice",
        no_rows(f"""
            select institution_id, nfra_code, legal_name from {BATCH} where jurisdiction = 'CN'
            qualify count(*) over (partition by nfra_code) > 1
                or not coalesce(regexp_matches(nfra_code, '^[A-Z][0-9]{{{{4}}}}[A-Z][0-9]{{{{9}}}}$'), false)
        """),
    )
    yield _known_counts("1.2", "critical", "=")
    yield _known_counts("1.2.change", "warning", ">")


def _known_counts(rule_id: str, severity: Severity, comparison: str) -> Rule:
    """The list of `KNOWN_LIST` has exactly the known counts; a later one may differ, and is worth a look then."""
    known = ", ".join(f"('{kind}', {count})" for kind, count in KNOWN_COUNTS.items())
    expected = ", ".join(f"{count} {kind}" for kind, count in KNOWN_COUNTS.items())
    return Rule(
        rule_id,
        INSTITUTION,
        severity,
        "The banks of the kinds everybody knows are as many as they are",
        f"exactly {expected}, where the newest list is {'of' if comparison == '=' else 'later than'} {KNOWN_LIST}",
        no_rows(f"""
            with institutions as (select * from {BATCH} where jurisdiction = 'CN'),
            known as (select * from (values {known}) as kinds(fi_type, expected)),
            newest as (select max(list_as_of) as list_as_of from institutions),
            counted as (
                select fi_type, count(*) as found from institutions where licence_status = '在业' group by fi_type
            )
            select fi_type, coalesce(found, 0) as found, expected, list_as_of
            from newest cross join known left join counted using (fi_type)
            where list_as_of {comparison} date '{KNOWN_LIST}' and coalesce(found, 0) <> expected
        """),
    )


def _limits() -> Iterator[Rule]:
    yield Rule(
        "1.3",
        PRODUCT,
        "critical",
        "Limits are amounts a bank lends",
        f"limit_min_amount from 0 to limit_max_amount, this above 0 and at most {LIMIT_MAX:,}; in China it is there",
        no_rows(f"""
            select product_id, version, limit_min_amount, limit_max_amount, limit_raw from {BATCH}
            where limit_min_amount > limit_max_amount or limit_min_amount < 0
                or limit_max_amount <= 0 or limit_max_amount > {LIMIT_MAX}
                or jurisdiction = 'CN' and limit_max_amount is null
        """),
    )


def _rates() -> Iterator[Rule]:
    columns = "product_id, version, rate_min, rate_max, rate_raw"
    yield Rule(
        "1.4",
        PRODUCT,
        "critical",
        "Rates are fractions a year",
        f"0 up to rate_min up to rate_max up to {RATE_MAX_CN} in China, {RATE_MAX_ABROAD} elsewhere",
        no_rows(f"""
            select {columns} from {BATCH}
            where rate_min < 0 or rate_max < 0 or rate_min > rate_max
                or greatest(rate_min, rate_max)
                    > case jurisdiction when 'CN' then {RATE_MAX_CN} else {RATE_MAX_ABROAD} end
        """),
    )
    yield Rule(
        "1.4.high",
        PRODUCT,
        "warning",
        "No rate is unusually high",
        f"rate_max of current products in China at most {RATE_HIGH}",
        no_rows(f"""
            select {columns} from {BATCH}
            where is_current and jurisdiction = 'CN' and greatest(rate_min, rate_max) > {RATE_HIGH}
        """),
    )
    yield Rule(
        "1.4.slip",
        PRODUCT,
        "warning",
        "Rates can be read",
        "no current product whose rates are flagged: percent where a fraction is due, no number, 0 for a loan abroad",
        no_rows(f"select product_id, version, rate_flag, rate_raw from {BATCH} where is_current and rate_flag <> ''"),
    )


def _terms() -> Rule:
    low, high = TERM_MONTHS
    return Rule(
        "1.5",
        PRODUCT,
        "critical",
        "Terms are months",
        f"term_min_months and term_max_months from {low} to {high}, the one no more than the other",
        no_rows(f"""
            select product_id, version, term_min_months, term_max_months from {BATCH}
            where term_min_months not between {low} and {high} or term_max_months not between {low} and {high}
                or term_min_months > term_max_months
        """),
    )


def _active_institution() -> Rule:
    return Rule(
        "1.6",
        PRODUCT,
        "critical",
        "Every product has an institution that may offer it",
        f"institution_id of every published product in {INSTITUTION}, 在业 in China; or in {WITHHELD_INSTITUTION}",
        no_rows(f"""
            with products as (select * from {BATCH} where is_current and status = 'published')
            select product_id, version, products.institution_id, licence_status
            from products left join {INSTITUTION} as institutions using (institution_id)
            where (institutions.institution_id is null or licence_status <> '在业')
                and split_part(products.institution_id, '\\:', 2) not in (
                    select right(src_record_id, length(split_part(products.institution_id, '\\:', 2)))
                    from {WITHHELD_INSTITUTION}
                )
        """),
    )


def _criteria() -> Iterator[Rule]:
    yield Rule(
        "1.7",
        CRITERION,
        "critical",
        "Every criterion can be looked up",
        "subject and field in reference.criterion_field with a value that its type and unit allow;"
        " in words only outside China",
        no_rows(f"""
            with criteria as (select * from {BATCH}),
            judged as (
                select product_id, version, seq, criteria.subject, criteria.field, op, value, criteria.unit,
                    known.field is not null as is_known, known.value_type, known.unit_kind, units.kind as kind,
                    criteria.field is null and op is null and text is not null and product_id not like 'CN%' as in_words
                from criteria
                left join reference.criterion_field as known
                    on criteria.subject = known.subject and criteria.field = known.field
                left join reference.unit as units on criteria.unit = units.word
            )
            select product_id, version, seq, subject, field, op, value, unit from judged
            where not in_words and (
                not is_known or op is null
                or op <> 'exists' and coalesce(value, '') = ''
                or unit is not null and kind is null
                or op not in ('none_since', 'exists') and unit is not null and kind is distinct from unit_kind
                or op in ('=', '≠', '≥', '≤') and unit_kind = 'money' and unit is null
                or op in ('=', '≠', '≥', '≤') and value_type = 'number'
                    and try_cast(replace(value, ',', '') as decimal(28, 10)) is null
            )
        """),
    )


def _products(release: Release) -> Iterator[Rule]:
    tonight = f"date '{release.run_date}'"
    offered = "is_current and status = 'published' and jurisdiction = 'CN'"
    yield Rule(
        "1.8",
        PRODUCT,
        "warning",
        "Published products are reviewed every year",
        f"reviewed_on of every product published in China within {REVIEWED_MONTHS} months before {release.run_date}",
        no_rows(f"""
            select product_id, version, product_name, reviewed_on from {BATCH}
            where {offered}
                and coalesce(reviewed_on, stated_from, valid_from) < {tonight} - interval {REVIEWED_MONTHS} month
        """),
    )
    yield Rule(
        "1.9",
        PRODUCT,
        "warning",
        "Every product says who can have it",
        "at least one hard criterion of every product published in China",
        no_rows(f"""
            with products as (select * from {BATCH})
            select product_id, version, product_name from products
            where {offered} and not exists (
                select 1 from {CRITERION} as criteria
                where criteria.product_id = products.product_id and criteria.version = products.version
                    and criteria.is_hard
            )
        """),
    )


def _branches() -> Iterator[Rule]:
    yield Rule(
        "1.10",
        BRANCH,
        "critical",
        "Every branch hangs on something that is there",
        f"parent_branch_id among the branches and institution_id in {INSTITUTION}; or withheld, see quarantine",
        no_rows(f"""
            with branches as (select * from {BATCH}),
            known as (
                select branch_id from branches
                union select 'CN\\:' || right(src_record_id, 15) from {WITHHELD_BRANCH}
            ),
            banks as (
                select institution_id from {INSTITUTION}
                union select 'CN\\:' || right(src_record_id, 15) from {WITHHELD_INSTITUTION}
            )
            select branch_id, branch_name, parent_branch_id, institution_id from branches
            where parent_branch_id is not null and parent_branch_id not in (select branch_id from known)
                or institution_id not in (select institution_id from banks)
        """),
    )
    yield Rule(
        "1.11",
        BRANCH,
        "warning",
        "No branch is listed twice under two codes",
        "branch_name unique within bank and prefecture, among branches 在业",
        no_rows(f"""
            select branch_id, branch_name, institution_id, city_unit from {BATCH} where status = '在业'
            qualify count(*) over (partition by institution_id, city_unit, branch_name) > 1
        """),
    )


def _persons() -> Rule:
    """The names found are not repeated: the sample shows the key only."""
    organization, employed, penalized = literal(ORGANIZATION), literal(EMPLOYED), literal(PENALIZED)
    return Rule(
        "1.12",
        PENALTY,
        "critical",
        "No natural person stands among the penalties",
        "party_name with a word that names of organizations have, without 时任, 现任, 先生, 女士;"
        " no decision that turns to a person",
        no_rows(f"""
            select penalty_id, decision_no from {BATCH}
            where not regexp_matches(party_name, {organization}) or regexp_matches(party_name, {employed})
                or regexp_matches(decision_text, {penalized})
                    and not regexp_matches(regexp_extract(decision_text, {penalized}, 1), {organization})
                    and not regexp_matches(regexp_extract(decision_text, {penalized}, 1), '行为$')
        """),
    )
