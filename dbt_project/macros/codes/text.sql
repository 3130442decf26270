{# Codes as text: one spelling before any check. #}

{# A code half-width, upper case and without blanks; NULL for nothing. Not for codes in which a blank counts. #}
{% macro code_text(text) -%}
    case
        when {{ regex_found(text, '^[0-9A-Z]+$') }} then {{ text }}
        else nullif(upper(translate(
            {{ regex_replace(text, '[\\pZ\\s\\x{200B}\\x{FEFF}]+', '') }},
            '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＋－‐‑–—−．／＿',
            '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+------./_'
        )), '')
    end
{%- endmacro %}

{# Sum over the first characters of a code: its place in the alphabet, from 0, times the weight. A character outside counts -1. #}
{% macro weighted_sum(code, alphabet, weights) -%}
    {%- for weight in weights -%}
    {{ place_in(alphabet, "substr(" ~ code ~ ", " ~ loop.index ~ ", 1)") }} * {{ weight }}{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro place_in(alphabet, character) -%}
    (position({{ character }} in '{{ alphabet }}') - 1)
{%- endmacro %}

{% macro letters_and_digits() -%}
    0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ
{%- endmacro %}
