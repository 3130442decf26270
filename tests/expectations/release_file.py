"""A small, sound release file, as the fsdb.duckdb of a candidate is: every rule of the gate is content with it."""

from datetime import date
from pathlib import Path

import duckdb
import guarantee_rows
import lending_rows

RUN_DATE = date(2026, 7, 15)
PER_EXCHANGE = 200
ORG_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2]
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

PROVENANCE = """src_family varchar, src_record_id varchar, src_url varchar, file_sha256 varchar,
    fetched_at timestamptz, as_of date, row_hash varchar, dq_status varchar"""

TABLES = {
    "listing_pipeline.project": f"""
        exchange varchar, project_id varchar, organization_id varchar, company_name varchar, title_raw varchar,
        board varchar, status varchar, raw_status varchar, raw_sub varchar, raw_status_label varchar,
        plan_raise_cny decimal(20, 2), accepted_on date, updated_on date, sponsor_name varchar, law_firm_name varchar,
        accountant_name varchar, region varchar, csrc_industry varchar, neeq_code varchar, first_seen_on date,
        status_since date, {PROVENANCE}""",
    "listing_pipeline.project_event": f"""
        exchange varchar, project_id varchar, event_on date, seen_on date, previous_status varchar, status varchar,
        raw_status varchar, raw_sub varchar, raw_status_label varchar, days_in_prev bigint, is_first_seen boolean,
        {PROVENANCE}""",
    "listing_pipeline.project_history": f"""
        exchange varchar, project_id varchar, status varchar, raw_status varchar, raw_sub varchar,
        raw_status_label varchar, valid_from date, valid_to date, {PROVENANCE}""",
    "organizations.organization": f"""
        organization_id varchar, jurisdiction varchar, uscc varchar, region6 varchar, legal_name varchar,
        name_key varchar, org_form varchar, first_seen_on date, visibility varchar, {PROVENANCE}""",
    "organizations.name": f"""
        organization_id varchar, name varchar, name_key varchar, name_type varchar, valid_from date, valid_to date,
        visibility varchar, {PROVENANCE}""",
    "organizations.identifier": f"""
        id_type varchar, id_value varchar, organization_id varchar, valid_from date, valid_to date, visibility varchar,
        {PROVENANCE}""",
    "organizations.role": f"""
        organization_id varchar, role varchar, jurisdiction varchar, first_seen_on date, visibility varchar,
        {PROVENANCE}""",
    "quality.source_status": """
        source_id varchar, resource varchar, title varchar, publisher varchar, homepage varchar, licence varchar,
        terms_url varchar, cadence varchar, selected boolean, status varchar, message varchar, good_run_date date,
        age_nights integer, max_age_nights integer, old_parts bigint, declared_total bigint, fetched bigint,
        duplicates bigint, records bigint, as_of date""",
    "quality.row_balance": """
        source_id varchar, resource varchar, fetched bigint, duplicates bigint, rejected bigint, records bigint,
        staged bigint, quarantined bigint, conformed bigint, merged bigint, carried bigint, published bigint,
        as_of date""",
    "quality.delivery": """
        delivery_id varchar, source_id varchar, resource varchar, sender varchar, period varchar, file_name varchar,
        sha256 varchar, received_on date, status varchar, rows bigint, faulty_rows bigint, rejected_rows bigint,
        message varchar, is_current boolean, visibility varchar""",
    "quarantine.listing_project": f"""
        exchange varchar, project_id varchar, run_date date, rule varchar, reason varchar, raw_record varchar,
        {PROVENANCE}""",
    "reference.region": """
        code varchar, name varchar, level varchar, parent_code varchar, province2 varchar, successor_code varchar,
        valid_from date, valid_to date""",
    "reference.identifier_scheme": "id_type varchar, name varchar, jurisdiction varchar, pattern varchar",
    "reference.board_map": "exchange varchar, raw_board varchar, board varchar, citation varchar",
    "reference.status": "status varchar, label_zh varchar, meaning varchar, is_terminal boolean, position integer",
    "reference.status_map": """
        exchange varchar, raw_status varchar, raw_sub varchar, canonical varchar, label_zh varchar,
        is_terminal boolean, citation varchar""",
    "reference.status_transition": "from_status varchar, to_status varchar, kind varchar, citation varchar",
    **lending_rows.tables(PROVENANCE),
    **guarantee_rows.tables(PROVENANCE),
}

CODES = """
insert into reference.region values
    ('440300', '深圳市', 'prefecture', '440000', '44', null, date '1980-12-31', null);
insert into reference.identifier_scheme values
    ('USCC', '统一社会信用代码', 'CN', '.{18}'), ('SSE_AUDIT', '上交所审核编号', 'CN', '[0-9]+'),
    ('SZSE_PRJ', '深交所项目编号', 'CN', '[0-9]+'), ('BSE_PRJ', '北交所项目编号', 'CN', '[0-9]+');
insert into reference.board_map values
    ('SSE', '1', '科创板', 'list'), ('SZSE', '创业板', '创业板', 'list'), ('BSE', '北交所', '北交所', 'list');
insert into reference.status values
    ('accepted', '已受理', 'taken up', false, 10), ('inquired', '已问询', 'asked', false, 20),
    ('suspended', '中止', 'stands still', false, null), ('registration_decided', '注册结果', 'unknown', false, 90),
    ('effective', '注册生效', 'effective', false, 100), ('withdrawn', '终止（撤回）', 'withdrew', true, 130);
insert into reference.status_map values
    ('SSE', '2', '-', 'inquired', '已问询', false, 'list'),
    ('SSE', '5', '-', 'registration_decided', '注册结果', false, 'list'),
    ('SSE', '5', '1', 'effective', '注册生效', false, 'list'),
    ('SZSE', '20', '30', 'inquired', '已问询', false, 'list'),
    ('SZSE', '50', '80', 'suspended', '中止', false, 'list'),
    ('BSE', 'P01', '-', 'accepted', '已受理', false, 'list'),
    ('BSE', 'P02', '-', 'inquired', '已问询', false, 'list');
insert into reference.status_transition values
    ('accepted', 'inquired', 'direct', 'rules'), ('inquired', 'suspended', 'direct', 'rules'),
    ('inquired', 'withdrawn', 'direct', 'rules');
"""

ROWS = """
insert into listing_pipeline.project by name
select exchange, project_id, 'CN-' || exchange || project_id as organization_id,
    '甲' || i || '股份有限公司' as company_name, company_name || '首次公开发行' as title_raw,
    case exchange when 'SSE' then '科创板' when 'SZSE' then '创业板' else '北交所' end as board,
    'inquired' as status, case exchange when 'SSE' then '2' when 'SZSE' then '20' else 'P02' end as raw_status,
    case exchange when 'SZSE' then '30' end as raw_sub, '已问询' as raw_status_label,
    500000000 + i as plan_raise_cny, date '2026-01-05' as accepted_on, date '2026-07-14' as updated_on,
    '中信证券' as sponsor_name, '北京市金杜律师事务所' as law_firm_name, '立信会计师事务所' as accountant_name,
    '江苏' as region, 'C39' as csrc_industry, '830001' as neeq_code,
    date '2026-07-13' as first_seen_on, date '2026-07-13' as status_since,
    lower(exchange) as src_family, project_id as src_record_id,
    'https://example.org/20260713/13812345678?page=' || i as src_url, sha256('page' || i) as file_sha256,
    timestamptz '2026-07-15 02:00:00+08' as fetched_at, date '2026-07-13' as as_of, md5('row' || i) as row_hash,
    'pass' as dq_status
from (
    select exchange, (1000 + n)::varchar as project_id, row_number() over () as i
    from (values ('SSE'), ('SZSE'), ('BSE')) as exchanges(exchange), range({per_exchange}) as numbers(n)
);

insert into listing_pipeline.project_event by name
select * exclude (organization_id, company_name, title_raw, board, plan_raise_cny, accepted_on, updated_on,
        sponsor_name, law_firm_name, accountant_name, region, csrc_industry, neeq_code, first_seen_on, status_since),
    updated_on as event_on, first_seen_on as seen_on, true as is_first_seen
from listing_pipeline.project;
update listing_pipeline.project_event set status = 'accepted', raw_status = 'P01'
where exchange = 'BSE' and project_id = '1000';
insert into listing_pipeline.project_event by name
select * replace (date '2026-07-15' as seen_on, 'accepted' as previous_status, 'inquired' as status,
    'P02' as raw_status, 2 as days_in_prev, false as is_first_seen)
from listing_pipeline.project_event where exchange = 'BSE' and project_id = '1000';

insert into listing_pipeline.project_history by name
select * exclude (event_on, seen_on, previous_status, days_in_prev, is_first_seen), seen_on as valid_from,
    lead(seen_on) over (partition by exchange, project_id order by seen_on) as valid_to
from listing_pipeline.project_event;

insert into organizations.organization by name
select organization_id, 'CN' as jurisdiction, uscc, substr(uscc, 3, 6) as region6, company_name as legal_name,
    company_name as name_key, '股份' as org_form, first_seen_on, 'public' as visibility, src_family, src_record_id,
    src_url, file_sha256, fetched_at, as_of, row_hash, dq_status
from listing_pipeline.project
positional join credit_codes;
insert into organizations.name by name
select * exclude (jurisdiction, uscc, region6, org_form, legal_name, first_seen_on), legal_name as name,
    '全称' as name_type,
    first_seen_on as valid_from
from organizations.organization;
insert into organizations.identifier by name
select exchange || case exchange when 'SSE' then '_AUDIT' else '_PRJ' end as id_type, project_id as id_value,
    organization_id, first_seen_on as valid_from, 'public' as visibility, src_family, src_record_id, src_url,
    file_sha256, fetched_at, as_of, row_hash, dq_status
from listing_pipeline.project;
insert into organizations.role by name
select * exclude (uscc, region6, legal_name, name_key, org_form), 'candidate' as role from organizations.organization;

insert into quality.source_status by name
select src_family as source_id, 'ipo_project' as resource, exchange as publisher, true as selected,
    'complete' as status, date '2026-07-15' as good_run_date, 0 as age_nights, 3 as max_age_nights, 0 as old_parts,
    count(*) as declared_total, count(*) as fetched, 0 as duplicates, count(*) as records, date '2026-07-15' as as_of
from listing_pipeline.project group by exchange, src_family;
insert into quality.row_balance by name
select source_id, resource, fetched, duplicates, 0 as rejected, records, records as staged, 0 as quarantined,
    records as conformed,
    0 as merged, 0 as carried, records as published, as_of
from quality.source_status;
insert into quality.delivery by name
select number::varchar as delivery_id, 'bank_branches' as source_id, 'branch' as resource, 'B0001H111000001' as sender,
    '2026Q2' as period, 'branches_B0001H111000001_2026Q2.csv' as file_name, sha256('file' || number) as sha256,
    date '2026-07-15' as received_on, 'loaded' as status, 10 as rows, 0 as faulty_rows, 0 as rejected_rows,
    number = 2 as is_current, 'partner' as visibility
from range(1, 3) as numbers(number);
"""


def credit_code(number: int) -> str:
    """A sound credit code of a company in Shenzhen, by GB 11714 and GB 32100."""
    own = f"{number:08}"
    within = "0X987654321"[sum(int(digit) * weight for digit, weight in zip(own, ORG_WEIGHTS, strict=True)) % 11]
    code = f"91440300{own}{within}"
    return code + ALPHABET[-sum(ALPHABET.index(sign) * 3**place for place, sign in enumerate(code)) % 31]


def write(path: Path, per_exchange: int = PER_EXCHANGE) -> Path:
    """Write the file and return its path."""
    with duckdb.connect(path) as connection:
        for schema in sorted({table.split(".")[0] for table in TABLES}):
            connection.execute(f"create schema {schema}")
        for table, columns in TABLES.items():
            connection.execute(f"create table {table} ({columns})")
        connection.execute(CODES)
        codes = [[credit_code(number)] for number in range(3 * per_exchange)]
        connection.execute("create temp table credit_codes (uscc varchar)")
        connection.executemany("insert into credit_codes values (?)", codes)
        connection.execute(ROWS.format(per_exchange=per_exchange))
        connection.execute(lending_rows.ROWS)
        connection.execute(guarantee_rows.ROWS)
    return path
