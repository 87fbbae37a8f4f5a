-- Long lists are read a page at a time, in an order of their own: without an index of that order PostgreSQL reads and sorts the whole table for each page.
create index machines_in_order on machines (id collate "C");
create index machines_by_hostname on machines (hostname collate "C", id collate "C");
create index machine_inventories_in_order on machine_inventories (machine_id collate "C");
create index machine_storage_in_order on machine_storage (machine_id collate "C");
