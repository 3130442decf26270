{# Company names. Two forms: one to show, one to match by. City words stay: 江苏X is not X. #}

{# What the exchange adds to a name to make a project title of it. #}
{% macro title_words() -%}
    首次|公开发行|科创板|创业板|主板|上交所|深交所|北交所|_?IPO|关于|项目
{%- endmacro %}

{# The name to show: one kind of blank, none beside a Chinese character, full-width brackets, no title words.
   Title words are taken off after 公司 (and a bracket that belongs to it); where no 公司 stands, at the end. #}
{% macro clean_company_name(title) -%}
    {%- set blanks = regex_replace("trim(" ~ title ~ ")", '[\\pZ\\s\\x{200B}\\x{FEFF}]+', ' ') -%}
    {%- set wide = "translate(" ~ blanks ~ ", '()', '（）')" -%}
    {%- set dense = regex_replace(wide, '([\\p{Han}（）]) | ([\\p{Han}（）])', '\\1\\2') -%}
    {%- set after_form = regex_replace(
        dense, '^(.*公司(?:（[^（）]*）)?)[（ _－-]*(?:' ~ title_words() ~ ')[^司]*$', '\\1'
    ) -%}
    {%- set at_end = regex_replace(dense, '^(.+?)(?:首次公开发行|科创板|主板|上交所|_?IPO).*$', '\\1') -%}
    nullif(trim(case when {{ dense }} like '%公司%' then {{ after_form }} else {{ at_end }} end), '')
{%- endmacro %}

{# The name to match by: half-width, upper case, no blanks, one kind of middle dot. Never shown. #}
{% macro name_key(name) -%}
    {%- set dense = regex_replace(name, '[\\pZ\\s]+', '') -%}
    upper(case when {{ regex_found(name, '[！-～•・‧]') }} then translate(
        {{ dense }},
        '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～•・‧',
        '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~···'
    ) else {{ dense }} end)
{%- endmacro %}

{# The legal form a Chinese name ends in; 其他 when it shows none (a short name, a foreign name). #}
{% macro org_form(name) -%}
    case
        when {{ name }} like '%分公司' then '分支'
        when {{ name }} like '%股份有限公司' or {{ name }} like '%股份公司' then '股份'
        when {{ name }} like '%有限责任公司' or {{ name }} like '%有限公司' then '有限'
        when {{ name }} like '%（有限合伙）' then '有限合伙'
        when {{ name }} like '%（普通合伙）' or {{ name }} like '%（特殊普通合伙）' then '普通合伙'
        when {{ name }} like '%合作社' then '合作社'
        when {{ name }} like '%研究院' then '事业'
        else '其他'
    end
{%- endmacro %}
