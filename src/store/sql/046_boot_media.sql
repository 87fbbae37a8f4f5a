-- By what a machine gets the root file system of an image that it boots. A process of the release before makes machines without knowing of it.
alter table machines add column boot_media text not null default 'http' constraint machines_boot_media_known check (boot_media in ('http', 'iscsi'));
