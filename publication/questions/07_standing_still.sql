-- Projects without a change of status for long, though not suspended
--
-- One row a project under review whose status has not moved for more than so many days: neither by the exchange's own
-- date nor, since the first night we saw it, by what we saw.
-- :days integer = 180  longer than this
-- :as_of date = night  counted to this day
select
    project.exchange,
    project.project_id,
    project.company_name,
    project.board,
    project.status,
    coalesce(project.updated_on, project.status_since) as moved_on,
    $as_of - coalesce(project.updated_on, project.status_since) as days_still,
    project.sponsor_name
from listing_pipeline.project as project
join reference.status as status using (status)
where
    status.position < 90  -- under review: neither decided nor over; a suspended one has no position
    and $as_of - coalesce(project.updated_on, project.status_since) > $days
order by days_still desc, exchange, project_id
