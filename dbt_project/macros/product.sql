{# What a product says: the columns that make a new version when one of them changes. #}
{% macro product_content() -%}
    {{ return([
        'jurisdiction', 'institution_id', 'product_no', 'product_name', 'category', 'category_raw', 'target', 'currency', 'limit_min_amount',
        'limit_max_amount', 'limit_raw', 'rate_min', 'rate_max', 'rate_basis', 'rate_raw', 'rate_flag', 'term_min_months', 'term_max_months',
        'repay_method', 'is_guarantee_required', 'risk_share_bank_ratio', 'has_subsidy', 'regions', 'stated_from', 'stated_to', 'status',
        'reviewed_on',
    ]) }}
{%- endmacro %}
