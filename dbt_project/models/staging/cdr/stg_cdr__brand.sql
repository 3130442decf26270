-- Australian banks' brands out of the register of data holders, one row a record version, typed.
with source as (
    select * from {{ source('raw', 'cdr__brand') }}
),

typed as (
    select
        'AU:' || brand_id as institution_id,
        'AU' as jurisdiction,
        cast(null as varchar) as nfra_code,
        brand_id,
        coalesce({{ text_or_null('holder_name') }}, {{ text_or_null('brand_name') }}) as legal_name,
        {{ text_or_null('brand_name') }} as name_en,
        cast(null as varchar) as fi_type_raw,
        cast(null as varchar) as supervisor_unit,
        {{ code_text('abn') }} as business_number,
        cast(null as date) as list_as_of,
        {{ record_columns('cdr', 'brand', ['brand_id']) }},
        {{ json_record(['brand_id', 'brand_name', 'holder_name', 'abn', 'acn', 'industries', 'base_uri', 'last_updated']) }} as raw_record
    from source
)

select
    *,
    {{ verdict([
        ('name_missing', 'name_en is null', reason('brand_name', 'the name of a brand', 'name_en')),
        ('code_invalid', 'not ' ~ abn_is_valid('business_number'),
            reason('abn', 'an Australian Business Number whose check digits agree', 'business_number')),
    ]) }}
from typed
