-- Archives of a release are images of a kind of their own: region nodes keep them as they keep what machines boot, and agents fetch them for an upgrade.
alter table images drop constraint images_kind_known;
alter table images add constraint images_kind_known check (kind in ('micro', 'ephemeral', 'deployable', 'release'));
