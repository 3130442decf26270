-- The ledger: every record of every source is accounted for, or the night stops.
select *
from {{ ref('row_balance') }}
where
    fetched <> records + duplicates + rejected
    or records <> staged + quarantined
    or staged <> conformed + merged
    or published <> conformed + carried
