"""The part of a sound release that speaks of financial institutions.

Banks by the list of 2025-12-31, an Australian brand, their products, one bank's branches, some penalties.
"""

BANKS = {"国有大型": 6, "股份制": 12, "民营": 19, "城商行": 3}
PRODUCTS = 120
"""Products CN:B1000H320000001:1000 …, three a bank; then AU:brand:2000 … of an Australian brand."""


def tables(provenance: str) -> dict[str, str]:
    """Table → columns, as SQL; `provenance` are the columns every published table ends with."""
    quarantined = f"resource varchar, run_date date, rule varchar, reason varchar, raw_record varchar, {provenance}"
    entities = ["financial_institution", "bank_branch", "financial_product", "financial_penalty"]
    return {
        "financial_institutions.institution": f"""
            institution_id varchar, jurisdiction varchar, organization_id varchar, nfra_code varchar,
            legal_name varchar, name_en varchar, fi_type varchar, fi_type_raw varchar,
            supervisor_unit varchar, business_number varchar,
            licence_status varchar, list_as_of date, first_seen_on date, {provenance}""",
        "financial_institutions.branch": f"""
            branch_id varchar, institution_id varchar, parent_branch_id varchar, branch_name varchar, cnaps12 varchar,
            region6 varchar, city_unit varchar, is_tech_branch boolean, status varchar, list_period varchar,
            {provenance}""",
        "financial_institutions.product": f"""
            product_id varchar, version integer, jurisdiction varchar, institution_id varchar, product_no varchar,
            product_name varchar, category varchar, category_raw varchar, target varchar, currency varchar,
            limit_min_amount decimal(20, 2), limit_max_amount decimal(20, 2), limit_raw varchar, rate_min decimal(9, 6),
            rate_max decimal(9, 6), rate_basis varchar, rate_raw varchar, rate_flag varchar, term_min_months integer,
            term_max_months integer, repay_method varchar, is_guarantee_required boolean,
            risk_share_bank_ratio decimal(9, 6), has_subsidy boolean, regions varchar[], stated_from date,
            stated_to date, status varchar, reviewed_on date, valid_from date, valid_to date, is_current boolean,
            {provenance}""",
        "financial_institutions.product_criterion": f"""
            product_id varchar, version integer, seq integer, subject varchar, field varchar, op varchar, value varchar,
            unit varchar, is_hard boolean, weight decimal(9, 6), text varchar, is_current boolean, {provenance}""",
        "financial_institutions.penalty": f"""
            penalty_id varchar, decision_no varchar, organization_id varchar, institution_id varchar,
            party_name varchar, authority varchar, decided_on date, published_on date,
            amount_cny decimal(20, 2), reason varchar, basis varchar, decision_text varchar, {provenance}""",
        **{f"quarantine.{entity}": quarantined for entity in entities},
        "reference.criterion_field": """
            subject varchar, field varchar, label_zh varchar, value_type varchar, unit_kind varchar,
            model_column varchar, citation varchar""",
        "reference.fi_type_map": "word varchar, fi_type varchar, kind varchar, to_verify boolean, citation varchar",
        "reference.product_category_map": """
            jurisdiction varchar, word varchar, category varchar, is_credit boolean, citation varchar""",
        "reference.unit": "word varchar, kind varchar, factor decimal(24, 8), base varchar, citation varchar",
    }


def _provenance(source: str, record: str, number: str) -> str:
    return f"""'{source}' as src_family, {record} as src_record_id, date '2026-07-13' as as_of,
    md5({record}) as row_hash, {number} as place, 'pass' as dq_status"""


_KINDS = ", ".join(f"('{kind}', {count})" for kind, count in BANKS.items())
ROWS = f"""
insert into reference.criterion_field by name
select subject, field, value_type, unit_kind from (values
    ('credit', 'revenue', 'number', 'money'), ('credit', 'qualification', 'text', null)
) as fields(subject, field, value_type, unit_kind);
insert into reference.fi_type_map by name
select fi_type as word, fi_type from (values {_KINDS}) as kinds(fi_type, banks);
insert into reference.product_category_map by name
select jurisdiction, word, word as category
from (values ('CN', '信用'), ('AU', '经营贷款')) as words(jurisdiction, word);
insert into reference.region by name
select '320105' as code, '鼓楼区' as name, 'county' as level, date '1980-12-31' as valid_from;
insert into reference.unit by name
select word, kind from (values ('万元', 'money'), ('人', 'count')) as words(word, kind);

insert into financial_institutions.institution by name
select * exclude (place) from (
    select 'CN:' || code as institution_id, 'CN' as jurisdiction, 'CN-' || code as organization_id, code as nfra_code,
        fi_type || n || '银行股份有限公司' as legal_name, fi_type, fi_type as fi_type_raw, '在业' as licence_status,
        date '2025-12-31' as list_as_of, date '2026-07-13' as first_seen_on,
        {_provenance("nfra_institutions", "'nfra 2025-12-31 ' || code", "n")}
    from (
        select fi_type, n, 'B' || (999 + row_number() over (order by fi_type, n)) || 'H320000001' as code
        from (values {_KINDS}) as kinds(fi_type, banks), lateral (select unnest(range(banks)) as n)
    )
);
insert into financial_institutions.institution by name
select 'AU:brand' as institution_id, 'AU' as jurisdiction, 'AU-1' as organization_id, 'Bank' as legal_name,
    'Brand' as name_en, '33007457141' as business_number, date '2026-07-13' as first_seen_on, 'cdr' as src_family,
    'brand' as src_record_id, date '2026-07-13' as as_of, 'hash' as row_hash, 'pass' as dq_status;

insert into financial_institutions.branch by name
select * exclude (place) from (
    select 'CN:B1000S32010' || (1000 + n) as branch_id, 'CN:B1000H320000001' as institution_id,
        case when n > 0 then 'CN:B1000S320101000' end as parent_branch_id, '城西' || n || '支行' as branch_name,
        '320105' as region6, '3201' as city_unit, n < 5 as is_tech_branch, '在业' as status, '2026Q2' as list_period,
        {_provenance("bank_branches", "'B1000H320000001 2026Q2 B1000S32010' || (1000 + n)", "n")}
    from range(40) as numbers(n)
);

insert into financial_institutions.product by name
select * exclude (place) from (
    select institution_id || ':' || (1000 + n) as product_id, 1 as version, 'CN' as jurisdiction, institution_id,
        '' || (1000 + n) as product_no, '科创贷' || n as product_name, '信用' as category, '信用' as category_raw,
        '企业' as target, 'CNY' as currency, 100000 as limit_min_amount, 5000000 as limit_max_amount,
        0.035 as rate_min, 0.045 as rate_max, '固定' as rate_basis, 1 as term_min_months, 36 as term_max_months,
        false as is_guarantee_required, ['320100'] as regions, date '2026-08-01' as stated_from,
        case n when 1 then date '9999-12-31' else date '2028-12-31' end as stated_to, 'published' as status,
        date '2026-01-31' as reviewed_on, date '2026-07-13' as valid_from, true as is_current,
        {_provenance("bank_products", "'B ' || n", "n")}
    from (
        select n, 'CN:B' || (1000 + n // 3) || 'H320000001' as institution_id from range({PRODUCTS}) as numbers(n)
    )
);
insert into financial_institutions.product by name
select * exclude (place) from (
    select 'AU:brand:' || (2000 + n) as product_id, 1 as version, 'AU' as jurisdiction, 'AU:brand' as institution_id,
        '' || (2000 + n) as product_no, 'Loan ' || n as product_name, '经营贷款' as category,
        'BUSINESS_LOANS' as category_raw, 'AUD' as currency, 0.21 as rate_min, 0.37 as rate_max,
        '固定/浮动' as rate_basis, 'published' as status, date '2026-07-13' as valid_from, true as is_current,
        {_provenance("cdr", "'brand ' || n", "n")}
    from range(20) as numbers(n)
);
insert into financial_institutions.product_criterion by name
select product_id, version, 1 as seq, case jurisdiction when 'CN' then 'credit' end as subject,
    case jurisdiction when 'CN' then 'revenue' end as field, case jurisdiction when 'CN' then '≥' end as op,
    case jurisdiction when 'CN' then '1,000' end as value, case jurisdiction when 'CN' then '万元' end as unit,
    true as is_hard, '上年销售不低于1000万' as text, is_current, src_family, src_record_id, as_of, row_hash, dq_status
from financial_institutions.product;

insert into financial_institutions.penalty by name
select * exclude (place) from (
    select n || ':1' as penalty_id, '甲罚〔2026〕' || n || '号' as decision_no, 'CN-P' || n as organization_id,
        '国有大型' || n || '银行股份有限公司' as party_name, '某监管局' as authority, date '2026-06-20' as decided_on,
        date '2026-06-25' as published_on, 200000 as amount_cny, '贷款三查不到位' as reason,
        case n when 0 then '对违规行为处以罚款20万元' else '对该行罚款20万元' end as decision_text,
        {_provenance("nfra_penalties", "n || ' 1'", "n")}
    from range(6) as numbers(n)
);

insert into quality.source_status by name
select source_id, resource, 'complete' as status, date '2026-07-15' as good_run_date, 0 as age_nights,
    400 as max_age_nights, 0 as old_parts, records as declared_total, records as fetched, 0 as duplicates,
    records, true as selected, date '2026-07-15' as as_of
from (values
    ('nfra_institutions', 'institution', 40), ('bank_branches', 'branch', 40), ('bank_products', 'product', {PRODUCTS}),
    ('cdr', 'brand', 1), ('cdr', 'product', 20), ('nfra_penalties', 'penalty', 6)
) as sources(source_id, resource, records);
insert into quality.row_balance by name
select source_id, resource, fetched, duplicates, 0 as rejected, records, records as staged, 0 as quarantined,
    records as conformed, 0 as merged, 0 as carried, records as published, as_of
from quality.source_status where resource <> 'ipo_project';
"""
