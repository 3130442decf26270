{# The criteria of a product stand in one form for all sources: a JSON list of objects with the keys below, all texts, in the order of
   the source. #}

{# A relation of one row a criterion of another with a column `criteria` (of its rows for which `condition` holds), `seq` its place from 1. #}
{% macro criteria_of(relation, columns, condition='true') -%}
    {%- set keys = ['subject', 'field', 'op', 'value', 'unit', 'is_hard', 'weight', 'text'] -%}
    {{ rows_of_list(relation, columns, json_list('criteria', keys), keys, condition) }}
{%- endmacro %}

{# The sign of a comparison in the spelling of the model; another word stays as it is. #}
{% macro comparison(op) -%}
    case trim({{ op }})
        when '>=' then '≥' when '<=' then '≤' when '!=' then '≠' when '<>' then '≠' when '==' then '=' when 'not in' then 'not_in'
        else nullif(trim({{ op }}), '')
    end
{%- endmacro %}

{# The values of a criterion as a list of texts: a JSON list, or words set apart by 、 or ; or |, where its comparison takes several. #}
{% macro criterion_values(op, value) -%}
    case
        when {{ op }} in ('in', 'not_in') then coalesce({{ json_texts(value) }}, {{ text_split(value, '[、；;|]') }})
        else {{ list_single(value) }}
    end
{%- endmacro %}

{# What is wrong with a criterion, in words; NULL where nothing is. `known`: prefix of the columns of reference.criterion_field that
   were found for it, `measured`: of those of reference.unit. Outside China a source may state a criterion in words only. #}
{% macro criterion_problem() -%}
    {%- set values = criterion_values('op', 'value') -%}
    {%- set number = "try_cast(replace(trim(one), ',', '') as decimal(28, 10))" -%}
    case
        when jurisdiction <> 'CN' and subject is null and field is null and op is null and text is not null then null
        when known_type is null then 'field: expected one of reference.criterion_field, got ' || coalesce(nullif(concat_ws('.', subject, field), ''), 'nothing')
        when op is null or op not in ('=', '≠', '≥', '≤', 'in', 'not_in', 'exists', 'none_since')
            then 'op: expected =, ≠, ≥, ≤, in, not_in, exists or none_since, got ' || coalesce(op, 'nothing')
        when is_hard is null or is_hard not in ('true', 'false') then 'hard: expected true or false, got ' || coalesce(is_hard, 'nothing')
        when weight is not null and coalesce(try_cast(weight as decimal(9, 6)), -1) < 0 then 'weight: expected a number from 0, got ' || weight
        when op = 'exists' then null
        when value is null or {{ list_size(list_keep(values, 'one', "coalesce(trim(one), '') = ''")) }} > 0 then 'value: expected one, got nothing'
        when unit is not null and unit_kind is null then 'unit: expected a word of reference.unit, got ' || unit
        when op = 'none_since' then case
            when unit is null and {{ date_in_words('value') }} is null then 'value: expected a day, or a number with a unit of time, got ' || value
            when unit is not null and (unit_kind <> 'duration' or try_cast(value as decimal(28, 10)) is null)
                then 'value: expected a number with a unit of time, got ' || value || ' ' || unit
        end
        when known_unit_kind is null and unit is not null then 'unit: expected none for ' || field || ', got ' || unit
        when known_unit_kind in ('money', 'duration') and unit is null then 'unit: expected one of ' || known_unit_kind || ', got nothing'
        when unit_kind <> known_unit_kind then 'unit: expected one of ' || known_unit_kind || ', got ' || unit
        when op in ('≥', '≤') and known_type not in ('number', 'date') then 'op: expected one for ' || known_type || ', got ' || op
        when known_type = 'number' and {{ list_size(list_keep(values, 'one', number ~ " is null")) }} > 0
            then 'value: expected a number, got ' || value
        when known_type = 'date' and {{ list_size(list_keep(values, 'one', date_in_words('one') ~ " is null")) }} > 0
            then 'value: expected a date, got ' || value
        when known_type = 'boolean' and {{ list_size(list_keep(values, 'one', "trim(one) not in ('true', 'false', '是', '否')")) }} > 0
            then 'value: expected true or false, got ' || value
    end
{%- endmacro %}
