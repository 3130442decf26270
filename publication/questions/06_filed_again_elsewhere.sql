-- Companies that ended on one board and filed again on another
--
-- One row a company and pair of projects: the review that ended without a listing, the next one on another board, the
-- days between, and whether the sponsor is the same.
-- :board text = any  only those that filed again on this board (主板, 科创板, 创业板, 北交所)
with projects as (
    select
        project.*,
        status.is_terminal and project.status not in ('effective', 'issued', 'listed') as is_over,
        coalesce(project.updated_on, project.status_since) as ended_on,
        coalesce(project.accepted_on, project.first_seen_on) as began_on
    from listing_pipeline.project as project
    join reference.status as status using (status)
)

select
    organization.legal_name as company,
    ended.exchange as ended_at,
    ended.board as ended_board,
    ended.project_id as ended_project_id,
    ended.status as ended_status,
    ended.ended_on,
    again.exchange as again_at,
    again.board as again_board,
    again.project_id as again_project_id,
    again.status as again_status,
    again.began_on,
    again.began_on - ended.ended_on as days_between,
    ended.sponsor_name = again.sponsor_name as is_same_sponsor
from projects as ended
join projects as again using (organization_id)
join organizations.organization as organization using (organization_id)
where
    ended.is_over
    and ended.board <> again.board
    and again.began_on >= ended.ended_on
    and $board in ('any', again.board)
qualify row_number() over (
    partition by ended.exchange, ended.project_id order by again.began_on, again.exchange, again.project_id
) = 1
order by company, ended_on, ended_project_id
