{# Reading 行政处罚决定, the sentence that says what a penalty is. #}

{# The part of a decision that is about one party. Where it turns to several (对…), only the sentences that name this one; where it turns
   to others and none names this one, nothing: it cannot be told whose it is, and others may be natural persons. #}
{% macro decision_on(decision, party) -%}
    {%- set sentences = text_split(regex_replace(decision, '对', '；对'), '[；;。\\n]+') -%}
    {{ let('sentences', list_keep(sentences, 'one', "trim(one) <> ''"), decision_sentences(decision, party)) }}
{%- endmacro %}

{% macro decision_sentences(decision, party) -%}
    {%- set ours = "contains(replace(one, ' ', ''), replace(" ~ party ~ ", ' ', ''))" -%}
    case
        when {{ list_size(list_keep('sentences', 'one', "trim(one) like '对%' and not " ~ ours)) }} = 0 then {{ decision }}
        else {{ list_text(list_keep('sentences', 'one', ours), '；') }}
    end
{%- endmacro %}

{# The money a decision takes (罚款 and 没收 together), in yuan. A stated total (合计) counts alone. NULL where no amount is named and where
   any sum in the text is not plainly part of it: several parties (分别, 各), multiples (倍), money to be paid back (退还). A 元 without a number
   stands in a name. #}
{% macro penalty_cny(decision) -%}
    {%- set number = '([0-9]+(?:[.][0-9]+)?[万亿]?|[零一二三四五六七八九十百千万亿]+)元' -%}
    {%- set taken = '(?:罚款|罚没款?|处以|并处|没收[^，、；0-9]{0,24}?)(?:金额|人民币|共|为|计)*' ~ number -%}
    {%- set total = '(?:合计|共计|总计)(?:罚款|罚没款?|没收|处以|金额|人民币|为)*' ~ number -%}
    {%- set read -%}
        case
            when {{ regex_found('words', '分别|各(罚|处|没)|倍|退还|退回|返还|补缴|以上|以下|美元|港元|欧元') }} then null
            when {{ regex_found('words', '合计|共计|总计') }}
                then case when {{ list_size(regex_all('words', total)) }} = 1 then {{ regex_all('words', total) }} end
            when {{ list_size(regex_all('words', taken)) }} = {{ list_size(regex_all('words', '[0-9零一二三四五六七八九十百千万亿]元', 0)) }} then {{ regex_all('words', taken) }}
        end
    {%- endset -%}
    {%- set amounts = list_each('numbers', 'number', amount_in_cny("number || '元'")) -%}
    {%- set sum -%}
        case
            when {{ list_size(list_keep('amounts', 'one', 'one is null')) }} = 0 and {{ list_size('amounts') }} > 0
                then try_cast({{ list_total('amounts') }} as decimal(20, 2))
        end
    {%- endset -%}
    {{ let('words', amount_words(decision), let('numbers', read, let('amounts', amounts, sum))) }}
{%- endmacro %}

{# Whether a name is that of an organization, by the words such names hold or end in. A natural person's has none of them. #}
{% macro names_an_organization(name) -%}
    {{ regex_found(name, '.{3}(行|司|社|部|所|处|中心|会|局|院|厂|站|店|集团|合伙）?|经纪|代理|机构)$|公司|银行|信用|信托|保险|基金|合作') }}
{%- endmacro %}
