-- << name >>: one row a record version, typed.
with source as (
    select * from {{ source('raw', '<< name >>__record') }}
),

typed as (
    select
        {{ record_columns('<< name >>', 'record', [<% for column in key %>'<< column >>'<< ", " if not loop.last >><% endfor %>]) }},
        {{ text_or_null('<< number >>') }} as record_no,
        {{ text_or_null('<< title >>') }} as name,
        {{ to_cny('<< amount >>', <<'"金额_unit"' if is_file else '"\'元\'"'>>) }} as amount_cny,
        {{ text_or_null('<< day >>') }} as stated_raw,
        {{ date_in_words('<< day >>') }} as stated_on,
        {{ json_record([<% for column in columns %>'<< column >>'<< ", " if not loop.last >><% endfor %>]) }} as raw_record,
        {{ text_or_null('<< amount >>') }} as amount_raw<< ",\n        fault" if is_file >>
    from source
)

select
    *,
    {{ verdict([
<%- if is_file %>
        delivery_fault(),
<%- endif %>
        ('name_missing', 'name is null', reason('<< title >>', 'a name', 'name')),
        ('amount_unreadable', 'amount_raw is not null and amount_cny is null', reason('<< amount >>', 'an amount of money', 'amount_raw')),
        ('date_unreadable', 'stated_raw is not null and stated_on is null', reason('<< day >>', 'a date', 'stated_raw')),
    ]) }}
from typed
