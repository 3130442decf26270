-- The regulator's penalties against institutions, one row a record version, typed: one record a penalized organization of a decision.
-- A name that is not plainly an organization's is withheld and not repeated; nor are titles and decisions, which may name persons.
with named as (
    select
        *,
        {{ clean_company_name(text_or_null('party_name')) }} as party,
        {{ text_or_null('decision') }} as decision_raw
    from {{ source('raw', 'nfra_penalties__penalty') }}
),

source as (
    select
        * exclude (party_name),
        case when {{ names_an_organization('party') }} then party_name end as party_name
    from named
),

-- A word such as 其 is the party's where the text is on one party alone.
marked as (
    select
        *,
        count(*) over (partition by doc_id, _run_date, decision) = 1 as is_only_party,
        {{ decision_marked('decision_raw', 'party') }} as marked_decision
    from source
),

told as (
    select
        *,
        {{ list_each(decision_sentences('marked_decision'), 'one', decision_about('one')) }} as abouts,
        {{ list_text(list_keep(decision_sentences('marked_decision'), 'one', decision_about('one') ~ " = 'ours'"), '；') }}
            as our_sentences
    from marked
),

judged as (
    select
        *,
        {{ list_size(list_keep('abouts', 'about', "about in ('others', 'mixed')")) }} > 0 as has_others,
        {{ list_size(list_keep('abouts', 'about', "about = 'it'")) }} > 0 as has_it,
        {{ list_size(list_keep('abouts', 'about', "about in ('mixed', 'it', 'loose')")) }} > 0 as is_unclear
    from told
),

typed as (
    select
        doc_id || ':' || party_no as penalty_id,
        {{ text_or_null('decision_no') }} as decision_no,
        party as party_name,
        {{ name_key('party') }} as name_key,
        {{ text_or_null('authority') }} as authority,
        {{ text_or_null('decided_on') }} as decided_raw,
        {{ date_in_words('decided_on') }} as decided_on,
        {{ text_or_null('published_on') }} as published_raw,
        {{ date_in_words('published_on') }} as published_on,
        case when has_others then replace(our_sentences, '§', party) else decision_raw end as decision_text,
        case
            when not has_others and (is_only_party or not has_it) then {{ penalty_cny('marked_decision') }}
            when not is_unclear then {{ penalty_cny('our_sentences') }}
        end as amount_cny,
        {{ text_or_null('violation') }} as reason_text,
        {{ text_or_null('basis') }} as basis,
        {{ record_columns('nfra_penalties', 'penalty', ['doc_id', 'party_no']) }},
        {{ json_record([
            'doc_id', 'party_no', 'item_id', 'published_on', 'decision_no', 'party_name', 'violation', 'basis', 'authority',
            'decided_on',
        ]) }} as raw_record
    from judged
)

select
    *,
    {{ verdict([
        ('name_missing', 'party_name is null', reason('party_name', 'the name of an organization', 'party_name')),
        ('name_of_a_person', 'not ' ~ names_an_organization('party_name'),
            "'party_name: expected the name of an organization, got one of ' || length(party_name) || ' characters'"),
        ('number_missing', 'decision_no is null', reason('decision_no', 'the number of a decision', 'decision_no')),
        ('date_unreadable', unreadable('decided_raw', 'decided_on'), reason('decided_on', 'a date', 'decided_raw')),
        ('date_unreadable', unreadable('published_raw', 'published_on'), reason('published_on', 'a date', 'published_raw')),
        ('date_out_of_range', date_out_of_range('decided_on'),
            reason('decided_on', 'a day from 1978 to the day after the night', 'decided_raw')),
        ('date_out_of_range', date_out_of_range('published_on'),
            reason('published_on', 'a day from 1978 to the day after the night', 'published_raw')),
        ('dates_reversed', 'decided_on > published_on', reason('published_on', 'a day not before decided_on', 'published_raw')),
    ]) }}
from typed
