-- Events of one write belong together, and name what it touched, also after that is deleted. Null: of no write, or of an earlier release.
alter table events add column operation text default nullif(current_setting('regent.operation', true), '');
create index events_by_operation on events (operation, id) where operation is not null;
