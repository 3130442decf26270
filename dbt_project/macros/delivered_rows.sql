{# Rules that the rows of many deliveries share, each for verdict(): (name, SQL that is true where it is broken, SQL of the reason). #}

{# A credit code whose check digits fail, and for which no repair (O for 0, I for 1) passes. `raw`, `code`: as it came and as repaired. #}
{% macro uscc_rule(column, raw, code) -%}
    {{ return((
        'uscc_invalid', raw ~ ' is not null and ' ~ code ~ ' is null',
        reason(column, 'a credit code of 18 characters that passes both check digits', raw)
    )) }}
{%- endmacro %}

{# A date that cannot be read, or that is before 1978 or after tomorrow. #}
{% macro date_rules(column, typed) -%}
    {{ return([
        ('date_unreadable', text_or_null(column) ~ ' is not null and ' ~ typed ~ ' is null', reason(column, 'a date', column)),
        ('date_out_of_range', date_out_of_range(typed), reason(column, 'a date from 1978 to the day after the night', column)),
    ]) }}
{%- endmacro %}

{# A day on which something ends: up to 2099, or 9999-12-31 for without end. #}
{% macro end_date_rules(column, typed) -%}
    {{ return([
        ('date_unreadable', text_or_null(column) ~ ' is not null and ' ~ typed ~ ' is null', reason(column, 'a date', column)),
        (
            'date_out_of_range',
            typed ~ " not between date '1978-01-01' and date '2099-12-31' and " ~ typed ~ " <> date '9999-12-31'",
            reason(column, 'a date from 1978 to 2099, or 长期', column),
        ),
    ]) }}
{%- endmacro %}

{# A word that is none of those agreed. #}
{% macro word_rule(column, typed, words) -%}
    {{ return((
        'code_unknown', typed ~ " not in ('" ~ words | join("', '") ~ "')",
        reason(column, 'one of ' ~ words | join(', '), column)
    )) }}
{%- endmacro %}

{# A value that must be there. #}
{% macro missing_rule(column, typed) -%}
    {{ return(('value_missing', typed ~ ' is null', reason(column, 'a value', column))) }}
{%- endmacro %}

{# A row that was mended is published with a warning: why, or NULL. #}
{% macro mended(raw, code) -%}
    case when {{ raw }} <> {{ code }} then 'uscc_repaired' end
{%- endmacro %}

{# True for what names a natural person: where no credit code is right or can be repaired, a resident number; anything of the length of an
   old or new one (a digit may be off) with a name that is not plainly an organization's; or a name of two to four characters, or with the
   dot of a transcribed name. Short names of shops fall under it too: better so. #}
{% macro is_person(name, code) -%}
    {%- set resident = '^[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$' -%}
    (
        {{ uscc_repaired(code) }} is null
        and (
            {{ regex_found(code, resident) }}
            or ({{ regex_found(code, '^[0-9]{14,18}[0-9X]$') }} and not coalesce({{ names_an_organization(name) }}, false))
            or {{ regex_found(name, '^(\\p{Han}{2,4}|\\p{Han}+[·•・]\\p{Han}+)$') }}
        )
    )
{%- endmacro %}

{# A code and a company name as they are compared and shown; NULL for the words that stand for nothing. #}
{% macro stated_code(column) -%} {{ text_or_null(code_text(column)) }} {%- endmacro %}

{% macro stated_name(column) -%} {{ text_or_null(clean_company_name(column)) }} {%- endmacro %}
