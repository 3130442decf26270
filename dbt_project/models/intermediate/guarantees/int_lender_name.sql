-- Lenders' names of the SBA's file as tonight's records write them, each with the form names are compared in: upper case, words instead of
-- punctuation, abbreviations written out (reference.lender_word), without a leading THE. Spellings of one name so fall together.
{{ config(materialized='table') }}

with names as (
    select distinct creditor_name as lender_name
    from {{ ref('stg_sba__loan') }}
    where creditor_name is not null
),

dictionary as (
    select {{ lookup_list('spelling', 'word') }} as words
    from {{ ref('lender_word') }}
),

plain as (
    select
        names.lender_name,
        dictionary.words,
        {{ regex_replace(regex_replace("replace(upper(names.lender_name), '&', ' AND ')", "[.'']", ''), '[^A-Z0-9]+', ' ') }} as plain_name
    from names
    cross join dictionary
)

select
    lender_name,
    {{ regex_replace(words_looked_up('words', regex_replace('trim(plain_name)', ' N A$', ' NA')), '^THE ', '') }} as name_key
from plain
