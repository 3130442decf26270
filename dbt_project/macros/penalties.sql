{# Reading 行政处罚决定, the sentence that says what a penalty is. #}

{# A decision without blanks, § in place of the party's own name: what is said of §北京分行 is not said of its bank. #}
{% macro decision_marked(decision, party) -%}
    {%- set dense = regex_replace("replace(" ~ decision ~ ", chr(10), '；')", '[\\pZ\\s]+', '') -%}
    replace(translate({{ dense }}, '()', '（）'), replace({{ party }}, ' ', ''), '§')
{%- endmacro %}

{# Its sentences: one ends at ； and before every 对. #}
{% macro decision_sentences(marked) -%}
    {{ list_keep(text_split(regex_replace(marked, '[，,、]?对', '；对'), '[；;。]+'), 'one', "one <> ''") }}
{%- endmacro %}

{# Whom a sentence is about: `ours` the party by name, `it` (对其, 对该行), `loose` a penalty without a word on whose it is, `words` no penalty;
   `others`, who may be natural persons, and `mixed`: the party and others. A part, which ends at a comma or behind a sum, is another's where
   it turns to somebody or penalizes and does not begin as one on the party does. #}
{% macro decision_about(sentence) -%}
    {%- set number = '^[0-9一二三四五六七八九十（）.]*' -%}
    {%- set penalty = '罚|没收|警告|禁止|取消|处[以0-9零一二三四五六七八九十百千万亿]' -%}
    {%- set verb = '(给予|予以|依法|决定|并|同时|另|再|且)*(处|罚|没收|警告($|[并及和，,])|责令|合计|共计|总计|分别|通报|暂停|停止|限制|吊销|撤销)' -%}
    {%- set it = '(其|(该|上述)(行|公司|社|机构|单位|支行|分行|分公司|支公司|(违法|违规|违法违规)?行为))[：:]?' -%}
    {%- set own = number ~ '(对?(§[：:]?|' ~ it ~ '))?(' ~ verb ~ '|就|其中|各|的)' -%}
    {%- set parts = regex_replace(sentence, '((罚|处|没收)[^，,、元]*元)', '\\1，') -%}
    {%- set of_others -%}
        ({{ regex_found('part', '^对|' ~ penalty ~ '|(公司|行|社)[：:]?$') }} and not {{ regex_found('part', own) }})
    {%- endset -%}
    case
        when {{ list_size(list_keep(text_split(parts, '[，,、]'), 'part', of_others)) }} > 0
            then case when {{ regex_found(sentence, '(§[：:]?|' ~ it ~ ')' ~ verb) }} then 'mixed' else 'others' end
        when {{ regex_found(sentence, number ~ '对?§') }} then 'ours'
        when {{ regex_found(sentence, number ~ '对?' ~ it) }} then 'it'
        when {{ regex_found(sentence, penalty) }} then 'loose'
        else 'words'
    end
{%- endmacro %}

{# The money a decision takes (罚款 and 没收 together), in yuan. A stated total (合计) counts alone. NULL where no amount is named and where
   any sum in the text is not plainly part of it: several parties (分别, 各), multiples (倍), money to be paid back (退还). A 元 without a number
   stands in a name. #}
{% macro penalty_cny(decision) -%}
    {%- set number = '([0-9]+(?:[.][0-9]+)?[万亿]?|[零一二三四五六七八九十百千万亿]+)元' -%}
    {%- set taken = '(?:罚款|罚没款?|处以?|没收[^，、；0-9]{0,24}?)(?:金额|人民币|共|为|计)*' ~ number -%}
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

{# Whether a name is that of an organization, by the words such names hold or end in. A natural person's has none of them, but for the
   employer beside it: 张某（时任某银行某支行行长）. #}
{% macro names_an_organization(name) -%}
    ({{ regex_found(name, '.{3}(行|司|社|部|所|处|中心|会|局|院|厂|站|店|集团|合伙）?|经纪|代理|机构)$|公司|银行|信用|信托|保险|基金|合作') }} and not {{ regex_found(name, '时任|现任|先生|女士') }})
{%- endmacro %}
