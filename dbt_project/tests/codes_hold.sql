-- The code lists agree with themselves and each other: no key stands twice, no two rows of a code hold on the same day, what is above is
-- there, and a province is never laxer than the country. Seeds change only with the code, so one test looks at all of them.
{{ config(tags=['reference']) }}

{% set keys = {
    'criterion_field': "subject || ' ' || field",
    'eligibility_map': 'eligibility_type',
    'fi_type_map': 'word',
    'guarantee_rule': "rule || ' ' || area || ' ' || valid_from",
    'identifier_scheme': 'id_type',
    'industry': "code || ' ' || valid_from",
    'lender_word': 'spelling',
    'lending_rate_map': 'rate_type',
    'null_word': 'word',
    'product_category_map': "jurisdiction || ' ' || word",
    'public_guarantor': 'guarantor_id',
    'rating_scale': "term || ' ' || rating",
    'region': "code || ' ' || valid_from",
    'reporting_unit': 'reporting_unit',
    'sba_status_map': 'raw_status',
    'size_threshold': "industry_kind || ' ' || valid_from",
    'unit': 'word',
} %}
with regions as (
    select *, coalesce(valid_to, date '9999-12-31') as until from {{ ref('region') }}
),

industries as (
    select * from {{ ref('industry') }}
),

sizes as (
    select * from {{ ref('size_threshold') }}
),

rules as (
    select *, coalesce(valid_to, date '9999-12-31') as until from {{ ref('guarantee_rule') }}
),

reporting_units as (
    select * from {{ ref('reporting_unit') }}
),

keys as (
    {% for seed, key in keys.items() %}
    select '{{ seed }}' as seed, {{ key }} as what from {{ ref(seed) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select seed || ': key twice or empty' as problem, what
from keys
group by seed, what
having count(*) > 1 or what is null
union all
select 'region: two rows of a code on one day, or none' as problem, code as what
from regions
qualify until <= valid_from or until > lead(valid_from, 1, until) over (partition by code order by valid_from)
union all
select 'region: nothing above it' as problem, regions.code as what
from regions
left join regions as above
    on regions.parent_code = above.code and regions.valid_from >= above.valid_from and regions.valid_from < above.until
where (regions.level <> 'province') is distinct from (above.code is not null)
union all
select 'region: code, level and province disagree' as problem, code as what
from regions
where
    level is distinct from case when code like '%0000' then 'province' when code like '%00' then 'prefecture' else 'county' end
    or province2 is distinct from substr(code, 1, 2)
    or province2 not in (select units.province2 from reporting_units as units)
union all
select 'region: successor not there' as problem, regions.code as what
from regions
left join regions as successor
    on regions.successor_code = successor.code and regions.valid_to >= successor.valid_from and regions.valid_to < successor.until
where regions.successor_code is not null and successor.code is null
union all
select 'industry: nothing above it' as problem, industries.code as what
from industries
left join industries as above
    on industries.parent_code = above.code and industries.section = above.section
where (industries.level <> '门类') is distinct from (above.code is not null)
union all
select 'industry: measured by no size rule' as problem, code as what
from industries
where size_kind is not null and size_kind not in (select sizes.industry_kind from sizes)
union all
select 'guarantee_rule: two rows on one day, or none' as problem, rule || ' ' || area as what
from rules
qualify until <= valid_from or until > lead(valid_from, 1, until) over (partition by rule, area order by valid_from)
union all
select 'guarantee_rule: a province laxer than the country, or unknown' as problem, rules.rule || ' ' || rules.area as what
from rules
left join rules as country
    on rules.rule = country.rule and rules.valid_from < country.until and rules.until > country.valid_from and country.area = 'CN'
where
    rules.area <> 'CN'
    and (
        rules.area not in (select units.province2 from reporting_units as units)
        or (rules.kind = 'max' and rules.value > country.value)
        or (rules.kind in ('min', 'weight') and rules.value < country.value)
    )
union all
select 'reporting_unit: no such region' as problem, reporting_units.reporting_unit as what
from reporting_units
left join regions
    on rpad(reporting_units.reporting_unit, 6, '0') = regions.code and reporting_units.name = regions.name and regions.valid_to is null
where regions.code is null
