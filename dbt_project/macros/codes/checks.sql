{# Check digits. Each macro takes a column of canonical text (code_text) and gives true, false, or NULL for NULL. #}

{# Unified social credit code: GB 32100 over all 18 characters, and GB 11714 over the organization code within. #}
{% macro uscc_is_valid(code) -%}
    {%- set alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY' -%}
    {%- set weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28] -%}
    (
        {{ regex_found(code, '^[' ~ alphabet ~ ']{2}[0-9]{6}[' ~ alphabet ~ ']{10}$') }}
        and substr({{ code }}, 18, 1) = substr('{{ alphabet }}', 1 + mod(31 - mod({{ weighted_sum(code, alphabet, weights) }}, 31), 31), 1)
        and {{ org_code_is_valid("substr(" ~ code ~ ", 9, 9)") }}
    )
{%- endmacro %}

{# Organization code, GB 11714: eight characters and a check digit, as one word or as XXXXXXXX-X. #}
{% macro org_code_is_valid(code) -%}
    (
        {{ regex_found(code, '^[0-9A-Z]{8}-?[0-9X]$') }}
        and right({{ code }}, 1) = substr(
            '0X987654321', 1 + mod({{ weighted_sum(code, letters_and_digits(), [3, 7, 9, 10, 5, 8, 4, 2]) }}, 11), 1
        )
    )
{%- endmacro %}

{# LEI, ISO 17442: the remainder of ISO 7064 modulo 97-10 is 1. It is carried from character to character, so no long number arises. #}
{% macro lei_is_valid(code) -%}
    {%- set so_far = namespace(remainder='0') -%}
    {%- for index in range(1, 21) -%}
        {%- set place = place_in(letters_and_digits(), "substr(" ~ code ~ ", " ~ index ~ ", 1)") -%}
        {%- set so_far.remainder = "mod(" ~ so_far.remainder ~ " * case when " ~ place ~ " < 10 then 10 else 100 end + " ~ place ~ ", 97)" -%}
    {%- endfor -%}
    ({{ regex_found(code, '^[0-9A-Z]{18}[0-9]{2}$') }} and {{ so_far.remainder }} = 1)
{%- endmacro %}

{# Code of a financial institution (NFRA): its shape, and its region has been one. It has no check digit. #}
{% macro nfra_code_is_valid(code) -%}
    (
        {{ regex_found(code, '^[A-Z][0-9]{4}[A-Z][0-9]{9}$') }}
        and substr({{ code }}, 8, 4) in (select substr(code, 1, 4) from {{ ref('region') }} where level <> 'county')
    )
{%- endmacro %}

{# A valid credit code as it is; one with O for 0 or I for 1 repaired, if the repair passes both checks; else NULL.
   Neither letter may stand in a credit code, so a code has one repair at most. #}
{% macro uscc_repaired(code) -%}
    {%- set repair = "translate(" ~ code ~ ", 'OI', '01')" -%}
    case when {{ uscc_is_valid(repair) }} then {{ repair }} end
{%- endmacro %}
