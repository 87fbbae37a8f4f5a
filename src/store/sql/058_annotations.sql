-- Annotations of fabrics, VLANs, subnets, spaces and domains: texts of people and tools, without any effect. No configuration of services: no history trigger, no part
-- of the snapshot.

-- Exactly one of the columns names the object that the texts are about; they go with it.
create table annotations (
  id int generated always as identity primary key,
  fabric_id int,
  vlan_id int,
  subnet_id int,
  space_id int,
  domain_id int,
  texts jsonb not null default '{}',
  updated_at timestamptz not null default now(),
  constraint annotations_fabric foreign key (fabric_id) references fabrics (id) on delete cascade,
  constraint annotations_vlan foreign key (vlan_id) references vlans (id) on delete cascade,
  constraint annotations_subnet foreign key (subnet_id) references subnets (id) on delete cascade,
  constraint annotations_space foreign key (space_id) references spaces (id) on delete cascade,
  constraint annotations_domain foreign key (domain_id) references domains (id) on delete cascade,
  constraint annotations_of_one check (num_nonnulls(fabric_id, vlan_id, subnet_id, space_id, domain_id) = 1),
  constraint annotations_texts_size check (length(texts::text) <= 16384),
  constraint annotations_fabric_once unique (fabric_id),
  constraint annotations_vlan_once unique (vlan_id),
  constraint annotations_subnet_once unique (subnet_id),
  constraint annotations_space_once unique (space_id),
  constraint annotations_domain_once unique (domain_id)
);

create function without_empty(texts jsonb) returns jsonb language sql immutable
  return coalesce((select jsonb_object_agg(key, value) from jsonb_each(texts) where value <> '""'), '{}');
