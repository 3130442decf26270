{# Australian Business Number: eleven digits; the weighted sum after one off the first is a multiple of 89 (Australian Business Register,
   "Format of the ABN"). True, false, or NULL for NULL. #}
{% macro abn_is_valid(code) -%}
    (
        {{ regex_found(code, '^[0-9]{11}$') }}
        and mod({{ weighted_sum(code, '0123456789', [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) }} - 10, 89) = 0
    )
{%- endmacro %}
