"""What every source needs and no source is named in: HTTP, paging, archive, change log, spec."""
