{# The intermediaries of one kind, full names before short ones, in the order of the source.
   Types seen in the list: 1 sponsor, 2 accountant, 3 law firm; public code also knows 5 for accountants, so there the name decides. #}
{% macro sse_firms(kind) -%}
    {%- set is_kind = {
        'sponsor': "firm.i_intermediaryType = '1'",
        'law_firm': "firm.i_intermediaryType = '3'",
        'accountant': "firm.i_intermediaryType = '2' or (firm.i_intermediaryType = '5' and firm.i_intermediaryName like '%会计师%')",
    }[kind] -%}
    nullif(array_to_string(
        list_transform(
            list_filter(firms, lambda firm: {{ is_kind }}),
            lambda firm: coalesce(nullif(trim(firm.i_intermediaryName), ''), trim(firm.i_intermediaryAbbrName))
        ),
        '、'
    ), '')
{%- endmacro %}
