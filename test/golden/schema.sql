table zones
  id integer not null identity
  name text not null
  comment text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint zones_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint zones_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint zones_name_unique UNIQUE (name)
  constraint zones_pkey PRIMARY KEY (id)
  CREATE TRIGGER keep_default BEFORE DELETE ON public.zones FOR EACH ROW WHEN ((old.id = 1)) EXECUTE FUNCTION keep_default()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.zones FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.zones FOR EACH ROW EXECUTE FUNCTION write_history('id')

table vlans
  id integer not null identity
  name text not null
  vid integer not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  fabric_id integer not null
  space_id integer
  dhcp_on boolean not null default false
  dns_on boolean not null default true
  relay_vlan_id integer
  primary_rack_id text
  secondary_rack_id text
  enlist_on boolean not null default true
  mtu integer not null default 1500
  constraint vlans_fabric FOREIGN KEY (fabric_id) REFERENCES fabrics(id)
  constraint vlans_mtu_range CHECK (((mtu >= 576) AND (mtu <= 65535)))
  constraint vlans_name_grammar CHECK ((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text))
  constraint vlans_name_unique UNIQUE (fabric_id, name)
  constraint vlans_pair_of_two CHECK (((secondary_rack_id IS NULL) OR COALESCE((primary_rack_id <> secondary_rack_id), false)))
  constraint vlans_pkey PRIMARY KEY (id)
  constraint vlans_primary_rack FOREIGN KEY (primary_rack_id) REFERENCES racks(uuid)
  constraint vlans_relay FOREIGN KEY (relay_vlan_id) REFERENCES vlans(id)
  constraint vlans_relay_not_self CHECK ((relay_vlan_id <> id))
  constraint vlans_secondary_rack FOREIGN KEY (secondary_rack_id) REFERENCES racks(uuid)
  constraint vlans_space FOREIGN KEY (space_id) REFERENCES spaces(id)
  constraint vlans_vid_range CHECK (((vid >= 0) AND (vid <= 4094)))
  constraint vlans_vid_unique UNIQUE (fabric_id, vid)
  CREATE INDEX vlans_by_primary_rack ON public.vlans USING btree (primary_rack_id)
  CREATE INDEX vlans_by_secondary_rack ON public.vlans USING btree (secondary_rack_id)
  CREATE INDEX vlans_by_space ON public.vlans USING btree (space_id)
  CREATE TRIGGER keep_vlan_served AFTER INSERT OR UPDATE OF dhcp_on ON public.vlans FOR EACH ROW WHEN (new.dhcp_on) EXECUTE FUNCTION keep_vlan_served()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.vlans FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.vlans FOR EACH ROW EXECUTE FUNCTION write_history('id')

table versions
  service text not null
  key text not null
  digest text not null
  version bigint not null
  updated_at timestamp with time zone not null default now()
  constraint versions_pkey PRIMARY KEY (service, key)
  constraint versions_range CHECK (((version >= 0) AND (version <= '4294967295'::bigint)))
  CREATE TRIGGER check_version_grows BEFORE UPDATE ON public.versions FOR EACH ROW EXECUTE FUNCTION check_version_grows()

table users
  name text not null
  role text not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  email text not null default ''::text
  constraint users_email_grammar CHECK (((length(email) <= 254) AND (email !~ '[[:cntrl:][:space:]]'::text)))
  constraint users_name_grammar CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,149}$'::text))
  constraint users_pkey PRIMARY KEY (name)
  constraint users_role_known CHECK ((role = ANY (ARRAY['admin'::text, 'operator'::text, 'user'::text, 'auditor'::text])))
  CREATE UNIQUE INDEX users_name_unique ON public.users USING btree (lower(name))
  CREATE TRIGGER keep_owner BEFORE DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION keep_owner()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION raise_version()

table tsig_secrets
  key_id integer not null
  number integer not null
  secret text
  created_at timestamp with time zone not null default now()
  sealed text
  constraint tsig_secrets_grammar CHECK ((secret ~ '^[A-Za-z0-9+/]{20,88}={0,2}$'::text))
  constraint tsig_secrets_one CHECK (((num_nonnulls(secret, sealed) <= 1) AND ((sealed IS NULL) OR (sealed ~ '^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$'::text))))
  constraint tsig_secrets_pkey PRIMARY KEY (key_id, number)

table tsig_keys
  id integer not null identity
  name text not null
  algorithm text not null default 'hmac-sha256'::text
  secret_number integer not null default 1
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint tsig_keys_algorithm_grammar CHECK ((algorithm = ANY (ARRAY['hmac-sha256'::text, 'hmac-sha384'::text, 'hmac-sha512'::text])))
  constraint tsig_keys_name_grammar CHECK (((name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text) AND (name <> ALL (ARRAY['none'::text, 'regent-racks'::text, 'rndc-key'::text]))))
  constraint tsig_keys_name_unique UNIQUE (name)
  constraint tsig_keys_pkey PRIMARY KEY (id)
  CREATE TRIGGER make_secret AFTER INSERT ON public.tsig_keys FOR EACH ROW EXECUTE FUNCTION make_tsig_secret()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.tsig_keys FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.tsig_keys FOR EACH ROW EXECUTE FUNCTION write_history('id')

table tags
  id integer not null identity
  name text not null
  comment text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  definition text not null default ''::text
  kernel_options text not null default ''::text
  constraint tags_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint tags_definition_grammar CHECK (((length(definition) <= 1000) AND (definition !~ '[[:cntrl:]]'::text)))
  constraint tags_kernel_options_grammar CHECK (((length(kernel_options) <= 500) AND (kernel_options ~ '^[A-Za-z0-9!%+,./:=?@_~ -]*$'::text)))
  constraint tags_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text) AND (name <> 'none'::text)))
  constraint tags_name_unique UNIQUE (name)
  constraint tags_pkey PRIMARY KEY (id)
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.tags FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.tags FOR EACH ROW EXECUTE FUNCTION write_history('id')

table subnets
  id integer not null identity
  vlan_id integer not null
  name text not null
  cidr cidr not null
  dns_on boolean not null default true
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  gateway inet
  resolvers inet[] not null default '{}'::inet[]
  is_managed boolean not null default true
  proxy_on boolean not null default true
  dhcp_options text[] not null default '{}'::text[]
  lease_time integer
  boot_server inet
  boot_file text
  ignore_unknown boolean not null default false
  constraint subnets_boot_file_grammar CHECK ((boot_file ~ '^/?[A-Za-z0-9][A-Za-z0-9._~:/?=&%@+,-]{0,125}$'::text))
  constraint subnets_boot_server_host CHECK (((family(boot_server) = 4) AND (masklen(boot_server) = 32)))
  constraint subnets_dhcp_options_few CHECK ((cardinality(dhcp_options) <= 32))
  constraint subnets_gateway_in_subnet CHECK (((gateway IS NULL) OR ((gateway <<= (cidr)::inet) AND (masklen(gateway) =
CASE family(gateway)
    WHEN 4 THEN 32
    ELSE 128
END))))
  constraint subnets_lease_time_range CHECK (((lease_time >= 60) AND (lease_time <= 604800)))
  constraint subnets_name_grammar CHECK ((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text))
  constraint subnets_name_unique UNIQUE (name)
  constraint subnets_no_overlap EXCLUDE USING gist (cidr inet_ops WITH &&)
  constraint subnets_pkey PRIMARY KEY (id)
  constraint subnets_prefix_range CHECK ((masklen((cidr)::inet) >=
CASE family((cidr)::inet)
    WHEN 4 THEN 8
    ELSE 16
END))
  constraint subnets_resolvers_few CHECK ((cardinality(resolvers) <= 8))
  constraint subnets_vlan FOREIGN KEY (vlan_id) REFERENCES vlans(id)
  CREATE INDEX subnets_by_vlan ON public.subnets USING btree (vlan_id)
  CREATE TRIGGER check_special_network BEFORE INSERT ON public.subnets FOR EACH ROW EXECUTE FUNCTION check_special_network()
  CREATE TRIGGER check_special_network_set BEFORE UPDATE OF cidr ON public.subnets FOR EACH ROW WHEN (((old.cidr)::inet IS DISTINCT FROM (new.cidr)::inet)) EXECUTE FUNCTION check_special_network()
  CREATE TRIGGER check_subnet_keeps_addresses BEFORE UPDATE OF cidr ON public.subnets FOR EACH ROW EXECUTE FUNCTION check_subnet_keeps_addresses()
  CREATE TRIGGER check_subnet_keeps_ranges BEFORE UPDATE OF cidr ON public.subnets FOR EACH ROW EXECUTE FUNCTION check_subnet_keeps_ranges()
  CREATE TRIGGER check_subnet_stays BEFORE UPDATE OF vlan_id ON public.subnets FOR EACH ROW EXECUTE FUNCTION check_subnet_stays()
  CREATE TRIGGER claim_addresses AFTER INSERT OR DELETE OR UPDATE ON public.subnets FOR EACH ROW EXECUTE FUNCTION claim_addresses()
  CREATE TRIGGER keep_vlan_served AFTER DELETE OR UPDATE OF vlan_id ON public.subnets FOR EACH ROW EXECUTE FUNCTION keep_vlan_served()
  CREATE TRIGGER no_own_address AFTER INSERT ON public.subnets FOR EACH ROW WHEN ((new.gateway IS NOT NULL)) EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER no_own_address_set AFTER UPDATE OF gateway ON public.subnets FOR EACH ROW WHEN (((new.gateway IS NOT NULL) AND (old.gateway IS DISTINCT FROM new.gateway))) EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.subnets FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.subnets FOR EACH ROW EXECUTE FUNCTION write_history('id')

table subnet_releases
  node_id text not null
  service text not null
  network cidr not null
  generation bigint not null
  is_fenced boolean not null default false
  at timestamp with time zone not null default now()
  constraint subnet_releases_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint subnet_releases_pkey PRIMARY KEY (node_id, service, network)

table static_routes
  id integer not null identity
  name text not null
  comment text not null default ''::text
  source text not null default ''::text
  destination text not null default ''::text
  gateway text not null default ''::text
  metric bigint not null default 0
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint static_routes_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint static_routes_destination_grammar CHECK (((destination = ''::text) OR (destination ~ '^[0-9a-f:.]{2,45}/[0-9]{1,3}$'::text)))
  constraint static_routes_gateway_grammar CHECK (((gateway = ''::text) OR (gateway ~ '^[0-9a-f:.]{2,45}$'::text)))
  constraint static_routes_metric_grammar CHECK (((metric >= 0) AND (metric <= '4294967295'::bigint)))
  constraint static_routes_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint static_routes_name_unique UNIQUE (name)
  constraint static_routes_pkey PRIMARY KEY (id)
  constraint static_routes_source_grammar CHECK (((source = ''::text) OR (source ~ '^[0-9a-f:.]{2,45}/[0-9]{1,3}$'::text)))
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.static_routes FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.static_routes FOR EACH ROW EXECUTE FUNCTION write_history('id')

table ssh_keys
  id integer not null identity
  user_name text not null
  type text not null
  data text not null
  comment text not null default ''::text
  bits integer not null
  fingerprint text not null default ('SHA256:'::text || rtrim(encode(sha256(decode(data, 'base64'::text)), 'base64'::text), '='::text))
  created_at timestamp with time zone not null default now()
  source text not null default ''::text
  constraint ssh_keys_bits_range CHECK (((bits >= 256) AND (bits <= 16384)))
  constraint ssh_keys_comment_grammar CHECK (((length(comment) <= 256) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint ssh_keys_data_grammar CHECK ((((length(data) >= 16) AND (length(data) <= 8192)) AND (data ~ '^[A-Za-z0-9+/]+={0,2}$'::text)))
  constraint ssh_keys_pkey PRIMARY KEY (id)
  constraint ssh_keys_source_grammar CHECK ((source ~ '^((lp|gh):[A-Za-z0-9][A-Za-z0-9+.-]{0,63})?$'::text))
  constraint ssh_keys_type_known CHECK ((type = ANY (ARRAY['ssh-ed25519'::text, 'ssh-rsa'::text, 'ecdsa-sha2-nistp256'::text, 'ecdsa-sha2-nistp384'::text, 'ecdsa-sha2-nistp521'::text, 'sk-ssh-ed25519@openssh.com'::text, 'sk-ecdsa-sha2-nistp256@openssh.com'::text])))
  constraint ssh_keys_user FOREIGN KEY (user_name) REFERENCES users(name) ON DELETE CASCADE
  CREATE INDEX ssh_keys_by_fingerprint ON public.ssh_keys USING btree (fingerprint)
  CREATE UNIQUE INDEX ssh_keys_once ON public.ssh_keys USING btree (user_name, data)

table spaces
  id integer not null identity
  name text not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint spaces_name_grammar CHECK ((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text))
  constraint spaces_name_unique UNIQUE (name)
  constraint spaces_pkey PRIMARY KEY (id)
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.spaces FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.spaces FOR EACH ROW EXECUTE FUNCTION write_history('id')

table site_certificate
  id boolean not null default true
  cluster_certificate text
  cluster_key text
  cluster_digest text
  own_certificate text
  own_key text
  own_digest text
  version integer not null default 1
  changed_at timestamp with time zone not null default now()
  constraint site_certificate_cluster_whole CHECK ((num_nonnulls(cluster_certificate, cluster_key, cluster_digest) = ANY (ARRAY[0, 3])))
  constraint site_certificate_own_whole CHECK ((num_nonnulls(own_certificate, own_key, own_digest) = ANY (ARRAY[0, 3])))
  constraint site_certificate_pkey PRIMARY KEY (id)
  constraint site_certificate_single CHECK (id)

table site_annotations
  id integer not null
  texts jsonb not null default '{}'::jsonb
  updated_at timestamp with time zone not null default now()
  constraint site_annotations_once CHECK ((id = 1))
  constraint site_annotations_pkey PRIMARY KEY (id)
  constraint site_annotations_texts_size CHECK ((length((texts)::text) <= 16384))

table settings
  name text not null
  value jsonb not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint settings_name_grammar CHECK ((name ~ '^[a-z][a-z0-9_]{0,62}$'::text))
  constraint settings_pkey PRIMARY KEY (name)
  CREATE TRIGGER keep_name_claims_of_new_default AFTER INSERT OR UPDATE ON public.settings FOR EACH ROW WHEN ((new.name = 'default_domain'::text)) EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER keep_name_claims_of_old_default AFTER DELETE ON public.settings FOR EACH ROW WHEN ((old.name = 'default_domain'::text)) EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.settings FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.settings FOR EACH ROW EXECUTE FUNCTION write_history('name')

table sessions
  id text not null
  token_sha256 text not null
  user_name text not null
  key_token text
  is_wall boolean not null default false
  address text not null
  agent text not null default ''::text
  created_at timestamp with time zone not null default now()
  seen_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  constraint sessions_agent_short CHECK (((length(agent) <= 200) AND (agent !~ '[[:cntrl:]]'::text)))
  constraint sessions_pkey PRIMARY KEY (id)
  constraint sessions_token_hashed CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
  constraint sessions_user FOREIGN KEY (user_name) REFERENCES users(name) ON DELETE CASCADE
  CREATE INDEX sessions_by_end ON public.sessions USING btree (expires_at)
  CREATE UNIQUE INDEX sessions_by_token ON public.sessions USING btree (token_sha256)
  CREATE INDEX sessions_by_user ON public.sessions USING btree (user_name, created_at)

table service_actions
  node_id text not null
  service text not null
  at timestamp with time zone not null
  kind text not null
  why text not null
  trigger text not null
  constraint service_actions_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint service_actions_pkey PRIMARY KEY (node_id, service, at, kind)
  CREATE INDEX service_actions_by_time ON public.service_actions USING btree (at)

table series_samples
  series integer not null
  slot integer not null
  value real not null
  constraint series_samples_pkey PRIMARY KEY (series, slot)
  constraint series_samples_series_fkey FOREIGN KEY (series) REFERENCES series(id) ON DELETE CASCADE
  CREATE INDEX series_samples_slot ON public.series_samples USING brin (slot)

table series_days
  series integer not null
  day integer not null
  low real[] not null
  mean real[] not null
  high real[] not null
  constraint series_days_hours CHECK (((array_length(low, 1) = 24) AND (array_length(mean, 1) = 24) AND (array_length(high, 1) = 24)))
  constraint series_days_pkey PRIMARY KEY (series, day)
  constraint series_days_series_fkey FOREIGN KEY (series) REFERENCES series(id) ON DELETE CASCADE
  CREATE INDEX series_days_day ON public.series_days USING brin (day)

table series
  id integer not null identity
  name text not null
  labels jsonb not null default '{}'::jsonb
  constraint series_labels CHECK (((jsonb_typeof(labels) = 'object'::text) AND (length((labels)::text) <= 1000)))
  constraint series_name CHECK ((name ~ '^regent_[a-z0-9_]{1,90}$'::text))
  constraint series_one UNIQUE (name, labels)
  constraint series_pkey PRIMARY KEY (id)

table scripts
  id integer not null identity
  name text not null
  comment text not null default ''::text
  purpose text not null default 'commissioning'::text
  hardware text not null default 'node'::text
  timeout integer not null default 300
  parallel boolean not null default false
  destructive boolean not null default false
  tags jsonb not null default '[]'::jsonb
  parameters jsonb not null default '{}'::jsonb
  content text not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint scripts_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint scripts_content_grammar CHECK ((((octet_length(content) >= 4) AND (octet_length(content) <= 131072)) AND ("left"(content, 2) = '#!'::text)))
  constraint scripts_hardware_grammar CHECK ((hardware = ANY (ARRAY['node'::text, 'cpu'::text, 'memory'::text, 'storage'::text, 'network'::text])))
  constraint scripts_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text) AND (name <> 'none'::text) AND (name !~ '\.(out|err|yaml)$'::text) AND (name !~ '^regent-'::text)))
  constraint scripts_name_unique UNIQUE (name)
  constraint scripts_parameters_grammar CHECK (((jsonb_typeof(parameters) = 'object'::text) AND (length((parameters)::text) <= 65536)))
  constraint scripts_pkey PRIMARY KEY (id)
  constraint scripts_purpose_grammar CHECK ((purpose = ANY (ARRAY['commissioning'::text, 'testing'::text])))
  constraint scripts_tags_grammar CHECK (((jsonb_typeof(tags) = 'array'::text) AND (length((tags)::text) <= 4096)))
  constraint scripts_timeout_grammar CHECK (((timeout >= 0) AND (timeout <= 604800)))
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.scripts FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.scripts FOR EACH ROW EXECUTE FUNCTION write_history('id')

table run_scripts
  run integer not null
  name text not null
  position integer not null
  instance_of text not null
  hardware text not null
  timeout integer not null
  is_parallel boolean not null
  parameters jsonb not null
  given jsonb not null
  sealed text
  content text not null
  constraint run_scripts_content_size CHECK ((octet_length(content) <= 131072))
  constraint run_scripts_pkey PRIMARY KEY (run, name)
  constraint run_scripts_run FOREIGN KEY (run) REFERENCES machine_tokens(id) ON DELETE CASCADE
  constraint run_scripts_sealed_size CHECK ((length(sealed) <= 65536))

table restarts
  node_id text not null
  service text not null
  nonce text not null
  actor text not null
  at timestamp with time zone not null default now()
  constraint restarts_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint restarts_pkey PRIMARY KEY (node_id, service)
  constraint restarts_service_grammar CHECK ((service ~ '^[a-z][a-z0-9-]{0,39}(@[a-z0-9_-]{1,127})?$'::text))
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.restarts FOR EACH ROW EXECUTE FUNCTION write_history('node_id', 'service')

table resource_pools
  id integer not null identity
  name text not null
  comment text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint resource_pools_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint resource_pools_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint resource_pools_name_unique UNIQUE (name)
  constraint resource_pools_pkey PRIMARY KEY (id)
  CREATE TRIGGER keep_default BEFORE DELETE ON public.resource_pools FOR EACH ROW WHEN ((old.id = 1)) EXECUTE FUNCTION keep_default()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.resource_pools FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.resource_pools FOR EACH ROW EXECUTE FUNCTION write_history('id')

table reservations
  id integer not null identity
  subnet_id integer not null
  address inet not null
  mac text
  hostname text
  comment text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  dhcp_options text[] not null default '{}'::text[]
  constraint reservations_address_unique UNIQUE (address)
  constraint reservations_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint reservations_dhcp_options_few CHECK ((cardinality(dhcp_options) <= 32))
  constraint reservations_host CHECK ((masklen(address) =
CASE family(address)
    WHEN 4 THEN 32
    ELSE 128
END))
  constraint reservations_hostname_grammar CHECK (((hostname ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (hostname !~ '^[0-9]+$'::text)))
  constraint reservations_mac_grammar CHECK (((mac ~ '^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$'::text) AND (mac <> '00:00:00:00:00:00'::text)))
  constraint reservations_mac_unique UNIQUE (subnet_id, mac)
  constraint reservations_pkey PRIMARY KEY (id)
  constraint reservations_subnet FOREIGN KEY (subnet_id) REFERENCES subnets(id)
  CREATE INDEX reservations_by_mac ON public.reservations USING btree (mac)
  CREATE TRIGGER check_address_in_subnet BEFORE INSERT OR UPDATE ON public.reservations FOR EACH ROW EXECUTE FUNCTION check_address_in_subnet()
  CREATE TRIGGER claim_addresses AFTER INSERT OR DELETE OR UPDATE ON public.reservations FOR EACH ROW EXECUTE FUNCTION claim_addresses()
  CREATE TRIGGER give_lease_up AFTER DELETE ON public.reservations FOR EACH ROW EXECUTE FUNCTION give_lease_up()
  CREATE TRIGGER give_lease_up_set AFTER UPDATE OF address ON public.reservations FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION give_lease_up()
  CREATE TRIGGER keep_name_claims AFTER INSERT OR DELETE OR UPDATE OF mac, hostname ON public.reservations FOR EACH ROW EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER keep_one_fixed_address AFTER INSERT OR UPDATE OF subnet_id, mac ON public.reservations FOR EACH ROW WHEN ((new.mac IS NOT NULL)) EXECUTE FUNCTION keep_one_fixed_address()
  CREATE TRIGGER no_own_address AFTER INSERT ON public.reservations FOR EACH ROW EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER no_own_address_set AFTER UPDATE OF address ON public.reservations FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER not_held AFTER INSERT ON public.reservations FOR EACH ROW EXECUTE FUNCTION check_not_held()
  CREATE TRIGGER not_held_set AFTER UPDATE OF address, mac ON public.reservations FOR EACH ROW WHEN (((old.address IS DISTINCT FROM new.address) OR (old.mac IS DISTINCT FROM new.mac))) EXECUTE FUNCTION check_not_held()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.reservations FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.reservations FOR EACH ROW EXECUTE FUNCTION write_history('id')

table reported_addresses
  node_id text not null
  address inet not null
  constraint reported_addresses_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint reported_addresses_pkey PRIMARY KEY (node_id, address)
  CREATE INDEX reported_addresses_by_address ON public.reported_addresses USING btree (address)

table refusals
  node_id text not null
  generation bigint not null
  service text not null
  state text not null
  why text not null
  held jsonb not null
  at timestamp with time zone not null default now()
  constraint refusals_pkey PRIMARY KEY (node_id, generation, service)
  constraint refusals_publication FOREIGN KEY (node_id, generation) REFERENCES publications(node_id, generation) ON DELETE CASCADE

table recoveries
  number integer not null
  id text not null
  at timestamp with time zone not null
  node text not null
  lost jsonb not null
  told jsonb not null
  signature text not null
  created_at timestamp with time zone not null default now()
  constraint recoveries_id_grammar CHECK ((id ~ '^[0-9a-f]{8}$'::text))
  constraint recoveries_lost_shape CHECK ((jsonb_typeof(lost) = 'array'::text))
  constraint recoveries_number_range CHECK (((number >= 2) AND (number <= 100)))
  constraint recoveries_pkey PRIMARY KEY (number)
  constraint recoveries_signature_grammar CHECK ((signature ~ '^[A-Za-z0-9+/]{20,200}={0,2}$'::text))
  constraint recoveries_told_shape CHECK ((jsonb_typeof(told) = 'array'::text))

table records
  id integer not null identity
  domain_id integer not null
  name text not null
  type text not null
  data text not null
  ttl integer
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  written text
  constraint check_record_target TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint records_cname_not_at_domain CHECK (((type <> 'CNAME'::text) OR (name <> '@'::text)))
  constraint records_data_grammar CHECK (
CASE type
    WHEN 'A'::text THEN ((data ~ '^[0-9]{1,3}(\.[0-9]{1,3}){3}$'::text) AND (family((data)::inet) = 4))
    WHEN 'AAAA'::text THEN ((data ~ '^[0-9a-f:.]{2,45}$'::text) AND (family((data)::inet) = 6))
    WHEN 'CNAME'::text THEN ((length(data) <= 253) AND (data ~ '^(\*|_?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\._?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'::text))
    WHEN 'MX'::text THEN (data ~ '^[0-9]{1,5} (\.|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$'::text)
    WHEN 'NS'::text THEN (data ~ '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'::text)
    WHEN 'SRV'::text THEN (data ~ '^[0-9]{1,5} [0-9]{1,5} [0-9]{1,5} (\.|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$'::text)
    WHEN 'SSHFP'::text THEN (data ~ '^[1-6] [12] ([0-9a-f]{40}|[0-9a-f]{64})$'::text)
    WHEN 'TXT'::text THEN (((length(data) >= 1) AND (length(data) <= 4096)) AND (data ~ '^[ -~]+$'::text))
    ELSE NULL::boolean
END)
  constraint records_domain FOREIGN KEY (domain_id) REFERENCES domains(id)
  constraint records_name_grammar CHECK (((length(name) <= 253) AND ((name = '@'::text) OR (name ~ '^(\*|_?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\._?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'::text))))
  constraint records_pkey PRIMARY KEY (id)
  constraint records_ttl_range CHECK (((ttl >= 1) AND (ttl <= 604800)))
  constraint records_type_known CHECK ((type = ANY (ARRAY['A'::text, 'AAAA'::text, 'CNAME'::text, 'MX'::text, 'NS'::text, 'SRV'::text, 'SSHFP'::text, 'TXT'::text])))
  constraint records_written_grammar CHECK (((length(written) <= 4200) AND (written !~ '[[:cntrl:]]'::text)))
  CREATE INDEX records_by_data ON public.records USING btree (data text_pattern_ops) WHERE (type = ANY (ARRAY['A'::text, 'AAAA'::text]))
  CREATE INDEX records_by_name_server ON public.records USING btree (data) WHERE (type = 'NS'::text)
  CREATE UNIQUE INDEX records_unique ON public.records USING btree (domain_id, name, type, md5(data))
  CREATE TRIGGER check_name_alone BEFORE INSERT OR UPDATE OF domain_id, name, type ON public.records FOR EACH ROW EXECUTE FUNCTION check_name_alone()
  CREATE CONSTRAINT TRIGGER check_record_target AFTER UPDATE OF data ON public.records DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.type = ANY (ARRAY['CNAME'::text, 'NS'::text]))) EXECUTE FUNCTION check_record_target()
  CREATE TRIGGER forget_written BEFORE UPDATE OF data ON public.records FOR EACH ROW EXECUTE FUNCTION forget_written()
  CREATE TRIGGER keep_name_claims AFTER INSERT OR DELETE OR UPDATE OF domain_id, name, type ON public.records FOR EACH ROW EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.records FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.records FOR EACH ROW EXECUTE FUNCTION write_history('id')

table racks
  uuid text not null
  name text not null
  node_id text
  state text not null
  public_key text not null
  key_reset_until timestamp with time zone
  accepted_at timestamp with time zone
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  number integer not null identity
  constraint racks_accepted_is_whole CHECK (
CASE state
    WHEN 'accepted'::text THEN ((accepted_at IS NOT NULL) AND (node_id IS NOT NULL))
    ELSE (accepted_at IS NULL)
END)
  constraint racks_key_grammar CHECK ((public_key ~ '^[A-Za-z0-9_-]{43}$'::text))
  constraint racks_key_unique UNIQUE (public_key)
  constraint racks_name_grammar CHECK (((name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text) AND (name <> 'master'::text)))
  constraint racks_node FOREIGN KEY (node_id) REFERENCES nodes(id)
  constraint racks_node_unique UNIQUE (node_id)
  constraint racks_pkey PRIMARY KEY (uuid)
  constraint racks_state_known CHECK ((state = ANY (ARRAY['waiting'::text, 'accepted'::text, 'rejected'::text])))
  constraint racks_uuid_grammar CHECK ((uuid ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))
  CREATE INDEX racks_by_name ON public.racks USING btree (name)
  CREATE TRIGGER drop_contacts BEFORE DELETE ON public.racks FOR EACH ROW EXECUTE FUNCTION drop_contacts()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.racks FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER renew_copy_key AFTER DELETE OR UPDATE OF state ON public.racks FOR EACH ROW WHEN ((old.state = 'accepted'::text)) EXECUTE FUNCTION renew_copy_key()
  CREATE TRIGGER write_history AFTER UPDATE ON public.racks FOR EACH ROW WHEN (((old.state <> 'waiting'::text) OR (new.state <> 'waiting'::text))) EXECUTE FUNCTION write_history('uuid')
  CREATE TRIGGER write_history_of_new AFTER INSERT ON public.racks FOR EACH ROW WHEN ((new.state <> 'waiting'::text)) EXECUTE FUNCTION write_history('uuid')
  CREATE TRIGGER write_history_of_old AFTER DELETE ON public.racks FOR EACH ROW WHEN ((old.state <> 'waiting'::text)) EXECUTE FUNCTION write_history('uuid')

table rack_nonces
  public_key text not null
  nonce text not null
  at timestamp with time zone not null default now()
  constraint rack_nonces_pkey PRIMARY KEY (public_key, nonce)
  CREATE INDEX rack_nonces_by_age ON public.rack_nonces USING btree (at)

table rack_calls
  uuid text not null
  source text not null
  at timestamp with time zone not null default now()
  constraint rack_calls_pkey PRIMARY KEY (uuid)
  constraint rack_calls_rack FOREIGN KEY (uuid) REFERENCES racks(uuid) ON DELETE CASCADE
  CREATE INDEX rack_calls_by_source ON public.rack_calls USING btree (source)

table publications
  node_id text not null
  generation bigint not null
  digest text not null
  revision bigint not null
  after_revision bigint not null
  body json
  compiler text not null
  process text not null
  published_at timestamp with time zone not null default now()
  root bytea
  constraint publications_has_body CHECK (((body IS NOT NULL) OR (root IS NOT NULL)))
  constraint publications_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint publications_pkey PRIMARY KEY (node_id, generation)
  constraint publications_root FOREIGN KEY (root) REFERENCES body_parts(digest)
  CREATE INDEX publications_by_published_at ON public.publications USING btree (published_at)
  CREATE INDEX publications_by_revision ON public.publications USING btree (revision)
  CREATE INDEX publications_by_root ON public.publications USING btree (root)

table probed_addresses
  address inet not null
  mac text
  node_id text
  at timestamp with time zone not null default clock_timestamp()
  constraint probed_addresses_pkey PRIMARY KEY (address)
  CREATE INDEX probed_addresses_by_time ON public.probed_addresses USING btree (at)

table power_secrets
  bmc_id integer not null
  number integer not null
  sealed text not null
  created_at timestamp with time zone not null default now()
  constraint power_secrets_grammar CHECK ((sealed ~ '^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$'::text))
  constraint power_secrets_pkey PRIMARY KEY (bmc_id, number)

table power_looks
  node_id text not null
  command_id integer not null
  constraint power_looks_command FOREIGN KEY (command_id) REFERENCES commands(id) ON DELETE CASCADE
  constraint power_looks_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint power_looks_pkey PRIMARY KEY (node_id)
  CREATE INDEX power_looks_by_command ON public.power_looks USING btree (command_id)

table password_hashes
  user_name text not null
  hash text not null
  set_at timestamp with time zone not null default now()
  constraint password_hashes_grammar CHECK ((hash ~ '^\$argon2id\$v=19\$m=[0-9]{1,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{8,64}\$[A-Za-z0-9+/]{16,128}$'::text))
  constraint password_hashes_pkey PRIMARY KEY (user_name)
  constraint password_hashes_user FOREIGN KEY (user_name) REFERENCES users(name) ON DELETE CASCADE

table pair_authorities
  node_id text not null
  name text not null
  certificate text not null
  is_able boolean not null default false
  signed_at timestamp with time zone not null default now()
  constraint pair_authorities_name_unique UNIQUE (name)
  constraint pair_authorities_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint pair_authorities_pkey PRIMARY KEY (node_id)

table package_repositories
  id integer not null identity
  name text not null
  comment text not null default ''::text
  enabled boolean not null default true
  source_url text not null default ''::text
  signing_key text not null default ''::text
  distributions text not null default ''::text
  components text not null default ''::text
  arches text not null default ''::text
  disabled_pockets text not null default ''::text
  disabled_components text not null default ''::text
  disable_sources boolean not null default true
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint package_repositories_arches_grammar CHECK (((length(arches) <= 500) AND (arches ~ '^[a-z0-9 ]*$'::text)))
  constraint package_repositories_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint package_repositories_components_grammar CHECK (((length(components) <= 500) AND (components ~ '^[A-Za-z0-9./_:+~ -]*$'::text)))
  constraint package_repositories_disabled_components_grammar CHECK (((length(disabled_components) <= 500) AND (disabled_components ~ '^[A-Za-z0-9./_:+~ -]*$'::text)))
  constraint package_repositories_disabled_pockets_grammar CHECK (((length(disabled_pockets) <= 500) AND (disabled_pockets ~ '^[a-z ]*$'::text)))
  constraint package_repositories_distributions_grammar CHECK (((length(distributions) <= 500) AND (distributions ~ '^[A-Za-z0-9./_:+~ -]*$'::text)))
  constraint package_repositories_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint package_repositories_name_unique UNIQUE (name)
  constraint package_repositories_pkey PRIMARY KEY (id)
  constraint package_repositories_signing_key_grammar CHECK (((length(signing_key) <= 65536) AND (signing_key ~ '^[A-Za-z0-9+/=]*$'::text)))
  constraint package_repositories_source_url_grammar CHECK (((length(source_url) <= 500) AND ((source_url = ''::text) OR (source_url ~ '^https?://[^[:space:]]+$'::text))))
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.package_repositories FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.package_repositories FOR EACH ROW EXECUTE FUNCTION write_history('id')

table observations
  node_id text not null
  service text not null
  state text not null
  since timestamp with time zone not null
  body jsonb not null
  reported_at timestamp with time zone not null default now()
  constraint observations_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint observations_pkey PRIMARY KEY (node_id, service)

table notifications
  id integer not null identity
  ident text
  category text not null default 'info'::text
  message text not null
  context jsonb not null default '{}'::jsonb
  user_name text
  users boolean not null default false
  admins boolean not null default false
  dismissable boolean not null default true
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint notifications_category_known CHECK ((category = ANY (ARRAY['error'::text, 'warning'::text, 'success'::text, 'info'::text])))
  constraint notifications_context_shape CHECK (((jsonb_typeof(context) = 'object'::text) AND (length((context)::text) <= 16384)))
  constraint notifications_ident_grammar CHECK ((ident ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,39}$'::text))
  constraint notifications_ident_unique UNIQUE (ident)
  constraint notifications_message_size CHECK (((length(message) >= 1) AND (length(message) <= 4000)))
  constraint notifications_pkey PRIMARY KEY (id)
  constraint notifications_user FOREIGN KEY (user_name) REFERENCES users(name) ON DELETE CASCADE

table notification_dismissals
  notification_id integer not null
  user_name text not null
  constraint notification_dismissals_notification FOREIGN KEY (notification_id) REFERENCES notifications(id) ON DELETE CASCADE
  constraint notification_dismissals_pkey PRIMARY KEY (notification_id, user_name)
  constraint notification_dismissals_user FOREIGN KEY (user_name) REFERENCES users(name) ON DELETE CASCADE

table nodes
  id text not null
  name text not null
  is_region boolean not null default false
  is_rack boolean not null default false
  addresses inet[] not null default '{}'::inet[]
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  state text not null default 'member'::text
  is_drained boolean not null default false
  drained_at timestamp with time zone
  constraint nodes_id_grammar CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
  constraint nodes_name_grammar CHECK (((name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint nodes_name_unique UNIQUE (name)
  constraint nodes_pkey PRIMARY KEY (id)
  constraint nodes_state_known CHECK ((state = ANY (ARRAY['joining'::text, 'member'::text, 'leaving'::text])))
  CREATE TRIGGER keep_name_claims AFTER INSERT OR DELETE OR UPDATE OF name ON public.nodes FOR EACH ROW EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER own_address_free AFTER INSERT ON public.nodes FOR EACH ROW EXECUTE FUNCTION check_own_address_free()
  CREATE TRIGGER own_address_free_set AFTER UPDATE OF addresses ON public.nodes FOR EACH ROW WHEN ((old.addresses <> new.addresses)) EXECUTE FUNCTION check_own_address_free()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.nodes FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.nodes FOR EACH ROW EXECUTE FUNCTION write_history('id')

table node_places
  name text not null
  is_region boolean not null
  is_rack boolean not null
  node_id text
  opened_at timestamp with time zone not null default now()
  opened_by text not null
  constraint node_places_has_role CHECK ((is_region OR is_rack))
  constraint node_places_name_grammar CHECK (((name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint node_places_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint node_places_pkey PRIMARY KEY (name)

table node_observations
  node_id text not null
  generation bigint not null
  digest text not null
  agent_version text not null
  agent_since timestamp with time zone not null
  stale_since timestamp with time zone
  facts jsonb not null
  findings jsonb not null default '[]'::jsonb
  reported_at timestamp with time zone not null default now()
  host jsonb
  lost jsonb not null default '[]'::jsonb
  constraint node_observations_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint node_observations_pkey PRIMARY KEY (node_id)
  CREATE TRIGGER keep_reported_addresses AFTER INSERT ON public.node_observations FOR EACH ROW EXECUTE FUNCTION keep_reported_addresses()
  CREATE TRIGGER keep_reported_addresses_set AFTER UPDATE OF facts ON public.node_observations FOR EACH ROW WHEN (((old.facts -> 'interfaces'::text) IS DISTINCT FROM (new.facts -> 'interfaces'::text))) EXECUTE FUNCTION keep_reported_addresses()

table node_credentials
  node_id text not null
  secret_sha256 text not null
  created_at timestamp with time zone not null default now()
  constraint node_credentials_hashed CHECK ((secret_sha256 ~ '^[0-9a-f]{64}$'::text))
  constraint node_credentials_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint node_credentials_pkey PRIMARY KEY (node_id)

table name_claims
  source text not null
  source_id text not null
  fqdn text not null
  kind text not null
  zone text not null
  reversed text not null default reverse(fqdn)
  constraint check_name_claim TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint name_claims_pkey PRIMARY KEY (source, source_id, fqdn)
  CREATE INDEX name_claims_by_fqdn ON public.name_claims USING btree (fqdn)
  CREATE INDEX name_claims_by_reversed ON public.name_claims USING btree (reversed)
  CREATE CONSTRAINT TRIGGER check_name_claim AFTER INSERT OR UPDATE ON public.name_claims DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_name_claim()

table migrations
  number integer not null
  name text not null
  digest text not null
  breaking boolean not null
  applied_at timestamp with time zone not null default now()
  constraint migrations_pkey PRIMARY KEY (number)

table machines
  id text not null
  hostname text not null
  domain_id integer not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  rack_id text
  dhcp_options text[] not null default '{}'::text[]
  bmc_id integer
  power_parameters jsonb not null default '{}'::jsonb
  zone_id integer not null default 1
  pool_id integer not null default 1
  description text not null default ''::text
  annotations jsonb not null default '{}'::jsonb
  boot_media text not null default 'http'::text
  is_device boolean not null default false
  parent_id text
  min_hwe_kernel text not null default ''::text
  expected_architecture text not null default ''::text
  constraint machines_annotations_grammar CHECK (((jsonb_typeof(annotations) = 'object'::text) AND (length((annotations)::text) <= 65536)))
  constraint machines_bmc FOREIGN KEY (bmc_id) REFERENCES bmcs(id)
  constraint machines_boot_media_known CHECK ((boot_media = ANY (ARRAY['http'::text, 'iscsi'::text])))
  constraint machines_description_grammar CHECK (((length(description) <= 2000) AND (description !~ '[[:cntrl:]]'::text)))
  constraint machines_dhcp_options_few CHECK ((cardinality(dhcp_options) <= 32))
  constraint machines_domain FOREIGN KEY (domain_id) REFERENCES domains(id)
  constraint machines_expected_architecture_grammar CHECK ((expected_architecture ~ '^([a-z0-9]{1,16}/[A-Za-z0-9._+-]{1,64})?$'::text))
  constraint machines_hostname_grammar CHECK (((hostname ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text) AND (hostname !~ '^[0-9]+$'::text)))
  constraint machines_hostname_unique UNIQUE (domain_id, hostname)
  constraint machines_id_grammar CHECK ((id ~ '^[a-z0-9]{6}$'::text))
  constraint machines_min_hwe_kernel_grammar CHECK ((min_hwe_kernel ~ '^[A-Za-z0-9._+-]{0,64}$'::text))
  constraint machines_parent FOREIGN KEY (parent_id) REFERENCES machines(id)
  constraint machines_parent_of_device CHECK (((parent_id IS NULL) OR (is_device AND (parent_id <> id))))
  constraint machines_pkey PRIMARY KEY (id)
  constraint machines_pool FOREIGN KEY (pool_id) REFERENCES resource_pools(id)
  constraint machines_power_parameters_grammar CHECK (((jsonb_typeof(power_parameters) = 'object'::text) AND (length((power_parameters)::text) <= 16384)))
  constraint machines_rack FOREIGN KEY (rack_id) REFERENCES racks(uuid)
  constraint machines_zone FOREIGN KEY (zone_id) REFERENCES zones(id)
  CREATE INDEX machines_by_bmc ON public.machines USING btree (bmc_id)
  CREATE INDEX machines_by_hostname ON public.machines USING btree (hostname COLLATE "C", id COLLATE "C")
  CREATE INDEX machines_by_parent ON public.machines USING btree (parent_id) WHERE (parent_id IS NOT NULL)
  CREATE INDEX machines_by_pool ON public.machines USING btree (pool_id)
  CREATE INDEX machines_by_rack ON public.machines USING btree (rack_id)
  CREATE INDEX machines_by_zone ON public.machines USING btree (zone_id)
  CREATE INDEX machines_in_order ON public.machines USING btree (id COLLATE "C")
  CREATE TRIGGER check_name_alone BEFORE INSERT OR UPDATE OF domain_id, hostname ON public.machines FOR EACH ROW EXECUTE FUNCTION check_name_alone()
  CREATE TRIGGER drop_contacts BEFORE DELETE ON public.machines FOR EACH ROW EXECUTE FUNCTION drop_contacts()
  CREATE TRIGGER forget_machine_power AFTER UPDATE ON public.machines FOR EACH ROW WHEN (((old.bmc_id IS DISTINCT FROM new.bmc_id) OR (old.power_parameters <> new.power_parameters))) EXECUTE FUNCTION forget_machine_power()
  CREATE TRIGGER keep_name_claims AFTER INSERT OR DELETE OR UPDATE OF domain_id, hostname ON public.machines FOR EACH ROW EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER keep_running_machine BEFORE DELETE ON public.machines FOR EACH ROW EXECUTE FUNCTION keep_running_machine()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.machines FOR EACH ROW WHEN ((new.version = old.version)) EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.machines FOR EACH ROW EXECUTE FUNCTION write_history('id')

table machine_tokens
  id integer not null identity
  machine_id text not null
  purpose text not null
  begun_at timestamp with time zone not null default clock_timestamp()
  ended_at timestamp with time zone
  consumer_key text
  token_key text
  secret_sha256 text
  secret_sealed text
  user_data bytea
  boots_network boolean not null default true
  begun_by text
  enable_ssh boolean not null default false
  has_scripts boolean not null default false
  ended_key text
  user_data_sealed text
  constraint machine_tokens_begun_by FOREIGN KEY (begun_by) REFERENCES users(name) ON DELETE SET NULL
  constraint machine_tokens_end_forgets CHECK (((ended_at IS NULL) OR ((token_key IS NULL) AND (user_data IS NULL))))
  constraint machine_tokens_key_grammar CHECK (((consumer_key ~ '^[A-Za-z0-9]{16,64}$'::text) AND (token_key ~ '^[A-Za-z0-9]{16,64}$'::text)))
  constraint machine_tokens_key_unique UNIQUE (token_key)
  constraint machine_tokens_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_tokens_pkey PRIMARY KEY (id)
  constraint machine_tokens_purpose_known CHECK ((purpose = ANY (ARRAY['enlisting'::text, 'commissioning'::text, 'testing'::text, 'deploying'::text, 'rescue'::text, 'erasing'::text])))
  constraint machine_tokens_secret_grammar CHECK (((secret_sha256 ~ '^[0-9a-f]{64}$'::text) AND (length(secret_sealed) <= 1024)))
  constraint machine_tokens_secret_is_whole CHECK ((((secret_sha256 IS NULL) = (token_key IS NULL)) AND ((secret_sealed IS NULL) = (token_key IS NULL)) AND ((consumer_key IS NULL) = (token_key IS NULL))))
  constraint machine_tokens_user_data_one CHECK (((num_nonnulls(user_data, user_data_sealed) <= 1) AND (length(user_data_sealed) <= 1900000) AND ((ended_at IS NULL) OR (user_data_sealed IS NULL)))) NOT VALID
  constraint machine_tokens_user_data_size CHECK ((octet_length(user_data) <= 1048576))
  constraint raise_observed_run TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint raise_observed_run_change TRIGGER DEFERRABLE INITIALLY DEFERRED
  CREATE INDEX machine_tokens_by_beginner ON public.machine_tokens USING btree (begun_by) WHERE (begun_by IS NOT NULL)
  CREATE INDEX machine_tokens_by_end ON public.machine_tokens USING btree (ended_at) WHERE (ended_at IS NOT NULL)
  CREATE INDEX machine_tokens_by_machine ON public.machine_tokens USING btree (machine_id, id)
  CREATE INDEX machine_tokens_ended_key ON public.machine_tokens USING btree (ended_key) WHERE (ended_key IS NOT NULL)
  CREATE UNIQUE INDEX machine_tokens_open ON public.machine_tokens USING btree (machine_id) WHERE (ended_at IS NULL)
  CREATE TRIGGER forget_sealed_user_data BEFORE UPDATE ON public.machine_tokens FOR EACH ROW WHEN (((new.ended_at IS NOT NULL) AND (new.user_data_sealed IS NOT NULL))) EXECUTE FUNCTION forget_sealed_user_data()
  CREATE CONSTRAINT TRIGGER raise_observed_run AFTER INSERT ON public.machine_tokens DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.purpose = 'enlisting'::text) OR new.enable_ssh)) EXECUTE FUNCTION raise_observed()
  CREATE CONSTRAINT TRIGGER raise_observed_run_change AFTER UPDATE ON public.machine_tokens DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((((old.purpose = 'enlisting'::text) OR old.enable_ssh OR new.enable_ssh) AND ((old.ended_at IS DISTINCT FROM new.ended_at) OR (old.enable_ssh IS DISTINCT FROM new.enable_ssh)))) EXECUTE FUNCTION raise_observed()

table machine_tags
  machine_id text not null
  tag_id integer not null
  constraint machine_tags_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_tags_pkey PRIMARY KEY (machine_id, tag_id)
  constraint machine_tags_tag FOREIGN KEY (tag_id) REFERENCES tags(id)
  CREATE INDEX machine_tags_by_tag ON public.machine_tags USING btree (tag_id)
  CREATE TRIGGER touch_machine AFTER UPDATE ON public.machine_tags FOR EACH ROW EXECUTE FUNCTION touch_tagged_machine()
  CREATE TRIGGER touch_machines_given AFTER INSERT ON public.machine_tags REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_tagged_machines()
  CREATE TRIGGER touch_machines_taken AFTER DELETE ON public.machine_tags REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_tagged_machines()
  CREATE TRIGGER write_history AFTER UPDATE ON public.machine_tags FOR EACH ROW EXECUTE FUNCTION write_history('machine_id', 'tag_id')
  CREATE TRIGGER write_history_given AFTER INSERT ON public.machine_tags REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION write_tag_history()
  CREATE TRIGGER write_history_taken AFTER DELETE ON public.machine_tags REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION write_tag_history()

table machine_storage
  machine_id text not null
  storage jsonb not null
  changed_at timestamp with time zone not null default clock_timestamp()
  by_default boolean not null default false
  constraint machine_storage_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_storage_pkey PRIMARY KEY (machine_id)
  constraint machine_storage_shape CHECK (((jsonb_typeof(storage) = 'object'::text) AND (length((storage)::text) <= 65000)))
  CREATE INDEX machine_storage_in_order ON public.machine_storage USING btree (machine_id COLLATE "C")

table machine_steps
  id bigint not null identity
  machine_id text
  mac text
  address inet
  at timestamp with time zone not null
  node text not null
  source text not null
  what text not null
  outcome text not null
  facts jsonb not null default '{}'::jsonb
  seen_key text
  constraint machine_steps_facts_size CHECK (((jsonb_typeof(facts) = 'object'::text) AND (octet_length((facts)::text) <= 4096)))
  constraint machine_steps_mac_grammar CHECK ((mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'::text))
  constraint machine_steps_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_steps_outcome_known CHECK ((outcome = ANY (ARRAY['done'::text, 'failed'::text])))
  constraint machine_steps_pkey PRIMARY KEY (id)
  constraint machine_steps_source_known CHECK ((source = ANY (ARRAY['dhcp'::text, 'tftp'::text, 'http'::text, 'boot'::text])))
  constraint machine_steps_texts_size CHECK (((length(node) <= 64) AND (length(seen_key) <= 100)))
  constraint machine_steps_what_known CHECK ((what = ANY (ARRAY['lease'::text, 'loader'::text, 'script'::text, 'kernel'::text, 'initrd'::text, 'root'::text, 'image'::text, 'metadata'::text])))
  CREATE INDEX machine_steps_by_machine ON public.machine_steps USING btree (machine_id, id) WHERE (machine_id IS NOT NULL)
  CREATE INDEX machine_steps_by_time ON public.machine_steps USING btree (at)
  CREATE INDEX machine_steps_of_strangers ON public.machine_steps USING btree (id) WHERE (machine_id IS NULL)
  CREATE UNIQUE INDEX machine_steps_once ON public.machine_steps USING btree (machine_id, seen_key) WHERE (seen_key IS NOT NULL)

table machine_states
  machine_id text not null
  state text not null default 'new'::text
  since timestamp with time zone not null default clock_timestamp()
  epoch integer not null default 0
  before text
  owner text
  is_locked boolean not null default false
  error text not null default ''::text
  message text not null default ''::text
  deadline timestamp with time zone
  minutes integer
  powered_at timestamp with time zone
  booted_at timestamp with time zone
  inventory_at timestamp with time zone
  commissioned_at timestamp with time zone
  job_id integer
  wanted jsonb
  wanted_by text
  wanted_until timestamp with time zone
  again integer not null default 0
  again_epoch integer not null default 0
  installed_at timestamp with time zone
  constraint machine_states_deadline_of_way CHECK ((((deadline IS NOT NULL) = (minutes IS NOT NULL)) AND ((deadline IS NOT NULL) = (state = ANY (ARRAY['commissioning'::text, 'deploying'::text, 'releasing'::text, 'disk-erasing'::text, 'entering-rescue-mode'::text, 'exiting-rescue-mode'::text, 'testing'::text])))))
  constraint machine_states_epoch_counts CHECK ((epoch >= 0))
  constraint machine_states_job FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE SET NULL
  constraint machine_states_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_states_owner FOREIGN KEY (owner) REFERENCES users(name) ON DELETE SET NULL
  constraint machine_states_pkey PRIMARY KEY (machine_id)
  constraint machine_states_state_known CHECK ((state = ANY (ARRAY['new'::text, 'commissioning'::text, 'failed-commissioning'::text, 'missing'::text, 'ready'::text, 'reserved'::text, 'deployed'::text, 'retired'::text, 'broken'::text, 'deploying'::text, 'allocated'::text, 'failed-deployment'::text, 'releasing'::text, 'failed-releasing'::text, 'disk-erasing'::text, 'failed-disk-erasing'::text, 'rescue-mode'::text, 'entering-rescue-mode'::text, 'failed-entering-rescue-mode'::text, 'exiting-rescue-mode'::text, 'failed-exiting-rescue-mode'::text, 'testing'::text, 'failed-testing'::text])))
  constraint machine_states_texts_size CHECK (((length(error) <= 4000) AND (length(message) <= 4000)))
  constraint machine_states_wanted_is_whole CHECK ((((wanted IS NULL) = (wanted_until IS NULL)) AND ((wanted IS NULL) = (wanted_by IS NULL)) AND ((wanted IS NULL) OR (job_id IS NULL))))
  constraint raise_observed_installed TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint raise_observed_state TRIGGER DEFERRABLE INITIALLY DEFERRED
  CREATE INDEX machine_states_by_deadline ON public.machine_states USING btree (deadline) WHERE (deadline IS NOT NULL)
  CREATE INDEX machine_states_by_job ON public.machine_states USING btree (job_id) WHERE (job_id IS NOT NULL)
  CREATE INDEX machine_states_by_owner ON public.machine_states USING btree (owner) WHERE (owner IS NOT NULL)
  CREATE INDEX machine_states_wanted ON public.machine_states USING btree (wanted_until) WHERE (wanted IS NOT NULL)
  CREATE TRIGGER check_machine_goes_on BEFORE UPDATE ON public.machine_states FOR EACH ROW EXECUTE FUNCTION check_machine_goes_on()
  CREATE TRIGGER end_hold AFTER UPDATE OF state ON public.machine_states FOR EACH ROW WHEN (((old.state <> new.state) AND ((new.state = ANY (ARRAY['ready'::text, 'new'::text])) OR ((new.state = 'deployed'::text) AND (old.state = 'deploying'::text))))) EXECUTE FUNCTION end_hold_by_state()
  CREATE CONSTRAINT TRIGGER raise_observed_installed AFTER UPDATE ON public.machine_states DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.installed_at IS DISTINCT FROM new.installed_at)) EXECUTE FUNCTION raise_observed()
  CREATE CONSTRAINT TRIGGER raise_observed_state AFTER UPDATE ON public.machine_states DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) OR (old.before IS DISTINCT FROM new.before) OR (old.deadline IS DISTINCT FROM new.deadline))) EXECUTE FUNCTION raise_observed()

table machine_script_results
  id integer not null identity
  machine_id text not null
  run integer not null
  purpose text not null
  script text not null
  state text not null
  exit_status integer
  started_at timestamp with time zone
  ended_at timestamp with time zone
  at timestamp with time zone not null default clock_timestamp()
  constraint machine_script_results_exit_range CHECK (((exit_status >= '-2147483648'::integer) AND (exit_status <= 2147483647)))
  constraint machine_script_results_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_script_results_once UNIQUE (machine_id, run, script)
  constraint machine_script_results_pkey PRIMARY KEY (id)
  constraint machine_script_results_script_grammar CHECK ((script ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'::text))
  constraint machine_script_results_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'passed'::text, 'failed'::text, 'timed-out'::text])))
  CREATE INDEX machine_script_results_by_time ON public.machine_script_results USING btree (at)

table machine_script_outputs
  result_id integer not null
  kind text not null
  content bytea not null
  bytes bigint not null
  constraint machine_script_outputs_kind_known CHECK ((kind = ANY (ARRAY['output'::text, 'stdout'::text, 'stderr'::text, 'result'::text])))
  constraint machine_script_outputs_pkey PRIMARY KEY (result_id, kind)
  constraint machine_script_outputs_result FOREIGN KEY (result_id) REFERENCES machine_script_results(id) ON DELETE CASCADE
  constraint machine_script_outputs_size CHECK (((octet_length(content) <= 262144) AND (bytes >= octet_length(content))))

table machine_power
  machine_id text not null
  state text not null default 'unknown'::text
  at timestamp with time zone
  node_id text
  why text not null default ''::text
  remedy text not null default ''::text
  failures integer not null default 0
  look_at timestamp with time zone not null default now()
  constraint machine_power_failures_count CHECK ((failures >= 0))
  constraint machine_power_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_power_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE SET NULL
  constraint machine_power_pkey PRIMARY KEY (machine_id)
  constraint machine_power_state_known CHECK ((state = ANY (ARRAY['on'::text, 'off'::text, 'unknown'::text, 'error'::text])))
  CREATE INDEX machine_power_by_node ON public.machine_power USING btree (node_id)
  CREATE INDEX machine_power_due ON public.machine_power USING btree (look_at)
  CREATE TRIGGER end_hold AFTER INSERT OR UPDATE ON public.machine_power FOR EACH ROW WHEN ((new.state = 'off'::text)) EXECUTE FUNCTION end_hold_by_power()

table machine_inventories
  machine_id text not null
  at timestamp with time zone not null default clock_timestamp()
  source text not null default ''::text
  inventory jsonb not null
  problems jsonb not null default '[]'::jsonb
  uuid text default ((inventory -> 'system'::text) ->> 'uuid'::text)
  suggested_bmc jsonb
  constraint machine_inventories_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_inventories_pkey PRIMARY KEY (machine_id)
  constraint machine_inventories_problems_size CHECK (((jsonb_typeof(problems) = 'array'::text) AND (octet_length((problems)::text) <= 65536)))
  constraint machine_inventories_size CHECK (((jsonb_typeof(inventory) = 'object'::text) AND (octet_length((inventory)::text) <= 4194304)))
  constraint raise_observed_inventory TRIGGER DEFERRABLE INITIALLY DEFERRED
  CREATE INDEX machine_inventories_by_uuid ON public.machine_inventories USING btree (uuid) WHERE (uuid IS NOT NULL)
  CREATE INDEX machine_inventories_in_order ON public.machine_inventories USING btree (machine_id COLLATE "C")
  CREATE CONSTRAINT TRIGGER raise_observed_inventory AFTER INSERT OR UPDATE ON public.machine_inventories DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_observed()

table machine_enlistments
  machine_id text not null
  at timestamp with time zone not null default clock_timestamp()
  node_id text
  mac text not null
  architecture text not null
  firmware text not null
  uuid text
  serial text
  note text not null default ''::text
  constraint machine_enlistments_architecture_known CHECK ((architecture = ANY (ARRAY['amd64'::text, 'arm64'::text])))
  constraint machine_enlistments_firmware_known CHECK ((firmware = ANY (ARRAY['bios'::text, 'uefi'::text])))
  constraint machine_enlistments_mac_grammar CHECK ((mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'::text))
  constraint machine_enlistments_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_enlistments_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE SET NULL
  constraint machine_enlistments_note_size CHECK ((length(note) <= 1000))
  constraint machine_enlistments_pkey PRIMARY KEY (machine_id)
  constraint machine_enlistments_serial_size CHECK (((length(serial) >= 1) AND (length(serial) <= 64)))
  constraint machine_enlistments_uuid_grammar CHECK ((uuid ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))
  CREATE INDEX machine_enlistments_by_node ON public.machine_enlistments USING btree (node_id) WHERE (node_id IS NOT NULL)
  CREATE INDEX machine_enlistments_by_uuid ON public.machine_enlistments USING btree (uuid) WHERE (uuid IS NOT NULL)
  CREATE TRIGGER end_hold AFTER INSERT ON public.machine_enlistments FOR EACH ROW EXECUTE FUNCTION end_hold_by_enlistment()

table machine_deployments
  machine_id text not null
  image text
  image_name text not null default ''::text
  storage jsonb not null default '{}'::jsonb
  is_ephemeral boolean not null default false
  erase jsonb
  begun_by text not null default ''::text
  begun_at timestamp with time zone not null default clock_timestamp()
  deployed_at timestamp with time zone
  constraint machine_deployments_erase_size CHECK ((length((erase)::text) <= 256))
  constraint machine_deployments_image_grammar CHECK ((image ~ '^[0-9a-f]{64}$'::text))
  constraint machine_deployments_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint machine_deployments_pkey PRIMARY KEY (machine_id)
  constraint machine_deployments_storage_size CHECK ((length((storage)::text) <= 65536))
  constraint raise_observed_deployment TRIGGER DEFERRABLE INITIALLY DEFERRED
  CREATE CONSTRAINT TRIGGER raise_observed_deployment AFTER INSERT OR DELETE OR UPDATE ON public.machine_deployments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_observed()

table login_failures
  name text not null
  used double precision not null
  per_second double precision not null
  at timestamp with time zone not null default now()
  constraint login_failures_name_grammar CHECK ((name ~ '^[0-9a-f]{64}$'::text))
  constraint login_failures_per_second_range CHECK ((per_second > (0)::double precision))
  constraint login_failures_pkey PRIMARY KEY (name)
  constraint login_failures_used_range CHECK (((used >= (0)::double precision) AND (used <= (100000)::double precision)))
  CREATE INDEX login_failures_by_age ON public.login_failures USING btree (at)

table leases
  node_id text not null
  address inet not null
  subnet_id integer not null
  mac text
  client_id text
  hostname text not null default ''::text
  state text not null
  starts_at timestamp with time zone not null
  expires_at timestamp with time zone not null
  named_since timestamp with time zone not null default now()
  reported_at timestamp with time zone not null default now()
  service text not null default 'dhcp'::text
  constraint leases_client_id_grammar CHECK (((length(client_id) <= 764) AND (client_id ~ '^[0-9a-f]{2}(:[0-9a-f]{2})*$'::text)))
  constraint leases_host CHECK ((masklen(address) =
CASE family(address)
    WHEN 4 THEN 32
    ELSE 128
END))
  constraint leases_hostname_grammar CHECK (((length(hostname) <= 255) AND (hostname !~ '[[:cntrl:]]'::text)))
  constraint leases_mac_grammar CHECK (((length(mac) <= 59) AND (mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2})*$'::text)))
  constraint leases_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint leases_pkey PRIMARY KEY (node_id, address)
  constraint leases_state_known CHECK ((state = ANY (ARRAY['active'::text, 'declined'::text, 'expired'::text])))
  CREATE INDEX leases_by_address ON public.leases USING btree (address)
  CREATE INDEX leases_by_expiry ON public.leases USING btree (expires_at) WHERE (state <> 'expired'::text)
  CREATE INDEX leases_by_mac ON public.leases USING btree (mac)

table lease_series
  node_id text not null
  service text not null
  epoch text not null
  sequence bigint not null
  reported_at timestamp with time zone not null default now()
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint lease_series_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint lease_series_pkey PRIMARY KEY (node_id, service)
  CREATE CONSTRAINT TRIGGER check_durable AFTER INSERT OR UPDATE ON public.lease_series DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table lease_reports
  node_id text not null
  epoch text not null
  sequence bigint not null
  reported_at timestamp with time zone not null default now()
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint lease_reports_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint lease_reports_pkey PRIMARY KEY (node_id)
  CREATE CONSTRAINT TRIGGER check_durable AFTER INSERT OR UPDATE ON public.lease_reports DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table lease_releases
  address inet not null
  mac text
  client_id text
  before timestamp with time zone not null
  is_asked boolean not null
  at timestamp with time zone not null default now()
  constraint lease_releases_host CHECK ((masklen(address) =
CASE family(address)
    WHEN 4 THEN 32
    ELSE 128
END))
  constraint lease_releases_pkey PRIMARY KEY (address)
  CREATE INDEX lease_releases_by_age ON public.lease_releases USING btree (at)

table join_tokens
  id text not null
  secret_sha256 text not null
  is_region boolean not null
  is_rack boolean not null
  created_by text not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  used_by_key text
  used_by_node text
  revoked_at timestamp with time zone
  place text
  constraint join_tokens_has_role CHECK ((is_region OR is_rack))
  constraint join_tokens_id_grammar CHECK ((id ~ '^[a-z0-9]{12}$'::text))
  constraint join_tokens_key_grammar CHECK ((used_by_key ~ '^[0-9a-f]{64}$'::text))
  constraint join_tokens_lifetime CHECK ((expires_at <= (created_at + '00:15:00'::interval)))
  constraint join_tokens_pkey PRIMARY KEY (id)
  constraint join_tokens_secret_grammar CHECK ((secret_sha256 ~ '^[0-9a-f]{64}$'::text))
  constraint join_tokens_use_is_whole CHECK (((used_at IS NULL) = (used_by_key IS NULL)))

table jobs
  id integer not null identity
  kind text not null
  target text not null
  payload jsonb not null
  is_exclusive boolean not null
  caller text not null
  state text not null default 'waiting'::text
  epoch integer not null default 0
  lease_holder text
  lease_until timestamp with time zone
  attempts integer not null default 0
  not_before timestamp with time zone not null default clock_timestamp()
  deadline timestamp with time zone not null
  abort_by text
  progress text not null default ''::text
  checkpoint jsonb
  result text
  created_at timestamp with time zone not null default clock_timestamp()
  updated_at timestamp with time zone not null default clock_timestamp()
  ended_at timestamp with time zone
  targets text[] not null default '{}'::text[]
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint check_job_targets TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint jobs_checkpoint_size CHECK ((octet_length((checkpoint)::text) <= 262144))
  constraint jobs_counts CHECK (((epoch >= 0) AND ((attempts >= 0) AND (attempts <= epoch))))
  constraint jobs_end_is_whole CHECK ((((state = ANY (ARRAY['done'::text, 'failed'::text, 'aborted'::text])) = (ended_at IS NOT NULL)) AND ((ended_at IS NULL) = (result IS NULL))))
  constraint jobs_kind_grammar CHECK (((length(kind) <= 64) AND (kind ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text)))
  constraint jobs_payload_size CHECK ((octet_length((payload)::text) <= 65536))
  constraint jobs_pkey PRIMARY KEY (id)
  constraint jobs_running_is_held CHECK ((((state = 'running'::text) = (lease_holder IS NOT NULL)) AND ((lease_holder IS NULL) = (lease_until IS NULL))))
  constraint jobs_state_known CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'aborted'::text])))
  constraint jobs_target_size CHECK ((length(target) <= 200))
  constraint jobs_targets_few CHECK ((cardinality(targets) <= 64))
  CREATE INDEX jobs_by_kind ON public.jobs USING btree (kind, id)
  CREATE UNIQUE INDEX jobs_one_exclusive ON public.jobs USING btree ((true)) WHERE (is_exclusive AND (ended_at IS NULL))
  CREATE INDEX jobs_open ON public.jobs USING btree (id) WHERE (ended_at IS NULL)
  CREATE CONSTRAINT TRIGGER check_durable AFTER INSERT OR UPDATE ON public.jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()
  CREATE TRIGGER check_job_goes_on BEFORE UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION check_job_goes_on()
  CREATE CONSTRAINT TRIGGER check_job_targets AFTER INSERT ON public.jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_job_targets()
  CREATE TRIGGER hold_job_targets AFTER INSERT OR UPDATE OF ended_at ON public.jobs FOR EACH ROW EXECUTE FUNCTION hold_job_targets()
  CREATE TRIGGER name_job_targets BEFORE INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION name_job_targets()

table job_targets
  target text not null
  job_id integer not null
  constraint job_targets_grammar CHECK (((length(target) <= 100) AND (target ~ '^[a-z][a-z0-9-]*(:[A-Za-z0-9._-]+)?$'::text)))
  constraint job_targets_job FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
  constraint job_targets_pkey PRIMARY KEY (target)
  CREATE INDEX job_targets_by_job ON public.job_targets USING btree (job_id)

table ip_ranges
  id integer not null identity
  subnet_id integer not null
  kind text not null
  first inet not null
  last inet not null
  comment text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint ip_ranges_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint ip_ranges_dynamic_is_ipv4 CHECK (((kind <> 'dynamic'::text) OR (family(first) = 4)))
  constraint ip_ranges_hosts CHECK (((masklen(first) =
CASE family(first)
    WHEN 4 THEN 32
    ELSE 128
END) AND (masklen(last) =
CASE family(last)
    WHEN 4 THEN 32
    ELSE 128
END)))
  constraint ip_ranges_kind_known CHECK ((kind = ANY (ARRAY['dynamic'::text, 'reserved'::text])))
  constraint ip_ranges_no_overlap EXCLUDE USING gist (inetrange(first, last, '[]'::text) WITH &&)
  constraint ip_ranges_order CHECK (((first <= last) AND (family(first) = family(last))))
  constraint ip_ranges_pkey PRIMARY KEY (id)
  constraint ip_ranges_subnet FOREIGN KEY (subnet_id) REFERENCES subnets(id)
  CREATE INDEX ip_ranges_by_subnet ON public.ip_ranges USING btree (subnet_id)
  CREATE TRIGGER check_range_in_subnet BEFORE INSERT OR UPDATE ON public.ip_ranges FOR EACH ROW EXECUTE FUNCTION check_range_in_subnet()
  CREATE TRIGGER check_range_not_twice BEFORE INSERT OR UPDATE ON public.ip_ranges FOR EACH ROW WHEN ((new.first <= new.last)) EXECUTE FUNCTION check_range_alone()
  CREATE TRIGGER claim_addresses AFTER INSERT OR DELETE OR UPDATE ON public.ip_ranges FOR EACH ROW EXECUTE FUNCTION claim_addresses()
  CREATE TRIGGER keep_vlan_served AFTER DELETE OR UPDATE OF kind, subnet_id ON public.ip_ranges FOR EACH ROW WHEN ((old.kind = 'dynamic'::text)) EXECUTE FUNCTION keep_vlan_served()
  CREATE TRIGGER no_own_address AFTER INSERT ON public.ip_ranges FOR EACH ROW WHEN ((new.kind = 'dynamic'::text)) EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER no_own_address_set AFTER UPDATE OF kind, first, last ON public.ip_ranges FOR EACH ROW WHEN (((new.kind = 'dynamic'::text) AND (((old.kind IS DISTINCT FROM new.kind) OR (old.first IS DISTINCT FROM new.first)) OR (old.last IS DISTINCT FROM new.last)))) EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER not_held AFTER INSERT ON public.ip_ranges FOR EACH ROW WHEN ((new.kind = 'dynamic'::text)) EXECUTE FUNCTION check_not_held()
  CREATE TRIGGER not_held_set AFTER UPDATE OF kind, first, last ON public.ip_ranges FOR EACH ROW WHEN (((new.kind = 'dynamic'::text) AND (((old.kind IS DISTINCT FROM new.kind) OR (old.first IS DISTINCT FROM new.first)) OR (old.last IS DISTINCT FROM new.last)))) EXECUTE FUNCTION check_not_held()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.ip_ranges FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.ip_ranges FOR EACH ROW EXECUTE FUNCTION write_history('id')

table interfaces
  id integer not null identity
  machine_id text not null
  name text not null
  mac text not null
  kind text not null default 'physical'::text
  vlan_id integer
  created_at timestamp with time zone not null default now()
  position integer not null default 0
  mtu integer
  settings jsonb not null default '{}'::jsonb
  constraint interfaces_kind_known CHECK ((kind = ANY (ARRAY['physical'::text, 'bond'::text, 'bridge'::text, 'vlan'::text])))
  constraint interfaces_mac_grammar CHECK (((mac ~ '^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$'::text) AND (mac <> '00:00:00:00:00:00'::text)))
  constraint interfaces_machine FOREIGN KEY (machine_id) REFERENCES machines(id)
  constraint interfaces_mtu_range CHECK (((mtu >= 576) AND (mtu <= 65535)))
  constraint interfaces_name_grammar CHECK ((name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,13}[A-Za-z0-9])?$'::text))
  constraint interfaces_name_unique UNIQUE (machine_id, name)
  constraint interfaces_pkey PRIMARY KEY (id)
  constraint interfaces_settings_shape CHECK (((jsonb_typeof(settings) = 'object'::text) AND (length((settings)::text) <= 1024)))
  constraint interfaces_vlan FOREIGN KEY (vlan_id) REFERENCES vlans(id)
  CREATE INDEX interfaces_by_vlan ON public.interfaces USING btree (vlan_id)
  CREATE UNIQUE INDEX interfaces_label_unique ON public.interfaces USING btree (machine_id, interface_label(name))
  CREATE UNIQUE INDEX interfaces_mac_unique ON public.interfaces USING btree (mac) WHERE (kind = 'physical'::text)
  CREATE TRIGGER keep_name_claims AFTER INSERT OR DELETE OR UPDATE OF machine_id, name, mac, "position" ON public.interfaces FOR EACH ROW EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER keep_one_fixed_address AFTER UPDATE OF mac ON public.interfaces FOR EACH ROW EXECUTE FUNCTION keep_one_fixed_address()
  CREATE TRIGGER keep_running_network AFTER DELETE ON public.interfaces FOR EACH ROW EXECUTE FUNCTION keep_running_network()
  CREATE TRIGGER keep_running_network_set AFTER UPDATE ON public.interfaces FOR EACH ROW WHEN (((old.kind <> new.kind) OR ((old.vlan_id IS NOT NULL) AND (old.vlan_id IS DISTINCT FROM new.vlan_id)))) EXECUTE FUNCTION keep_running_network()
  CREATE TRIGGER touch_machine AFTER INSERT OR DELETE OR UPDATE ON public.interfaces FOR EACH ROW EXECUTE FUNCTION touch_machine()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.interfaces FOR EACH ROW EXECUTE FUNCTION write_history('id')

table interface_parents
  id integer not null identity
  interface_id integer not null
  parent_id integer not null
  position integer not null default 0
  constraint interface_parents_interface FOREIGN KEY (interface_id) REFERENCES interfaces(id) ON DELETE CASCADE
  constraint interface_parents_once UNIQUE (interface_id, parent_id)
  constraint interface_parents_parent FOREIGN KEY (parent_id) REFERENCES interfaces(id) ON DELETE CASCADE
  constraint interface_parents_pkey PRIMARY KEY (id)
  CREATE INDEX interface_parents_by_parent ON public.interface_parents USING btree (parent_id)
  CREATE TRIGGER check_interface_parent BEFORE INSERT OR UPDATE ON public.interface_parents FOR EACH ROW EXECUTE FUNCTION check_interface_parent()
  CREATE TRIGGER touch_machine AFTER INSERT OR DELETE OR UPDATE ON public.interface_parents FOR EACH ROW EXECUTE FUNCTION touch_machine()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.interface_parents FOR EACH ROW EXECUTE FUNCTION write_history('id')

table interface_links
  id integer not null default nextval('interface_addresses_id_seq'::regclass)
  interface_id integer not null
  subnet_id integer
  mode text not null
  is_gateway boolean not null default false
  constraint interface_links_gateway_has_address CHECK (((mode = 'dhcp'::text) OR (NOT is_gateway)))
  constraint interface_links_interface FOREIGN KEY (interface_id) REFERENCES interfaces(id) ON DELETE CASCADE
  constraint interface_links_mode_known CHECK ((mode = ANY (ARRAY['dhcp'::text, 'link'::text])))
  constraint interface_links_once UNIQUE NULLS NOT DISTINCT (interface_id, subnet_id, mode)
  constraint interface_links_pkey PRIMARY KEY (id)
  constraint interface_links_subnet FOREIGN KEY (subnet_id) REFERENCES subnets(id)
  CREATE INDEX interface_links_by_subnet ON public.interface_links USING btree (subnet_id)
  CREATE TRIGGER check_address_on_vlan BEFORE INSERT OR UPDATE OF subnet_id ON public.interface_links FOR EACH ROW EXECUTE FUNCTION check_address_on_vlan()
  CREATE TRIGGER keep_running_network AFTER INSERT OR DELETE ON public.interface_links FOR EACH ROW EXECUTE FUNCTION keep_running_network()
  CREATE TRIGGER touch_machine AFTER INSERT OR DELETE OR UPDATE ON public.interface_links FOR EACH ROW EXECUTE FUNCTION touch_machine()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.interface_links FOR EACH ROW EXECUTE FUNCTION write_history('id')

table interface_addresses
  id integer not null identity
  interface_id integer not null
  subnet_id integer not null
  address inet not null
  mode text not null default 'static'::text
  is_gateway boolean not null default false
  constraint interface_addresses_host CHECK ((masklen(address) =
CASE family(address)
    WHEN 4 THEN 32
    ELSE 128
END))
  constraint interface_addresses_interface FOREIGN KEY (interface_id) REFERENCES interfaces(id)
  constraint interface_addresses_mode_known CHECK ((mode = ANY (ARRAY['static'::text, 'auto'::text])))
  constraint interface_addresses_pkey PRIMARY KEY (id)
  constraint interface_addresses_subnet FOREIGN KEY (subnet_id) REFERENCES subnets(id)
  constraint interface_addresses_unique UNIQUE (address)
  CREATE INDEX interface_addresses_by_interface ON public.interface_addresses USING btree (interface_id)
  CREATE INDEX interface_addresses_by_subnet ON public.interface_addresses USING btree (subnet_id)
  CREATE TRIGGER check_address_in_subnet BEFORE INSERT OR UPDATE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION check_address_in_subnet()
  CREATE TRIGGER check_address_on_vlan BEFORE INSERT OR UPDATE OF subnet_id ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION check_address_on_vlan()
  CREATE TRIGGER claim_addresses AFTER INSERT OR DELETE OR UPDATE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION claim_addresses()
  CREATE TRIGGER give_lease_up AFTER DELETE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION give_lease_up()
  CREATE TRIGGER give_lease_up_set AFTER UPDATE OF address ON public.interface_addresses FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION give_lease_up()
  CREATE TRIGGER hold_address AFTER DELETE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION hold_address()
  CREATE TRIGGER hold_address_set AFTER UPDATE OF address ON public.interface_addresses FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION hold_address()
  CREATE TRIGGER keep_one_fixed_address AFTER INSERT OR UPDATE OF subnet_id, interface_id ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION keep_one_fixed_address()
  CREATE TRIGGER keep_running_network AFTER INSERT OR DELETE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION keep_running_network()
  CREATE TRIGGER keep_running_network_set AFTER UPDATE ON public.interface_addresses FOR EACH ROW WHEN (((((old.interface_id IS DISTINCT FROM new.interface_id) OR (old.subnet_id IS DISTINCT FROM new.subnet_id)) OR (old.address IS DISTINCT FROM new.address)) OR (old.is_gateway IS DISTINCT FROM new.is_gateway))) EXECUTE FUNCTION keep_running_network()
  CREATE TRIGGER no_own_address AFTER INSERT ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER no_own_address_set AFTER UPDATE OF address ON public.interface_addresses FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION check_no_own_address()
  CREATE TRIGGER not_held AFTER INSERT ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION check_not_held()
  CREATE TRIGGER not_held_set AFTER UPDATE OF address ON public.interface_addresses FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION check_not_held()
  CREATE TRIGGER touch_machine AFTER INSERT OR DELETE OR UPDATE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION touch_machine()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.interface_addresses FOR EACH ROW EXECUTE FUNCTION write_history('id')

table inner_trust
  id boolean not null default true
  authority text not null
  revocations text not null
  serials text[] not null
  signed_at timestamp with time zone not null default now()
  constraint inner_trust_pkey PRIMARY KEY (id)
  constraint inner_trust_single CHECK (id)

table images
  digest text not null
  name text not null
  kind text not null
  architecture text not null
  kernel text not null
  manifest text not null
  is_default boolean not null default false
  created_by text not null
  created_at timestamp with time zone not null default now()
  format text
  compression text
  cloud_init boolean
  unpacked bigint
  whole_at timestamp with time zone
  constraint images_architecture_known CHECK ((architecture = ANY (ARRAY['amd64'::text, 'arm64'::text])))
  constraint images_compression_known CHECK ((compression = ANY (ARRAY['none'::text, 'gz'::text, 'xz'::text, 'zst'::text])))
  constraint images_digest_grammar CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
  constraint images_format_known CHECK ((format = ANY (ARRAY['tar'::text, 'raw'::text])))
  constraint images_kind_known CHECK ((kind = ANY (ARRAY['micro'::text, 'ephemeral'::text, 'deployable'::text, 'release'::text])))
  constraint images_manifest_length CHECK ((length(manifest) <= 65536))
  constraint images_name_grammar CHECK ((name ~ '^[a-z0-9][a-z0-9._/-]{0,60}$'::text))
  constraint images_pkey PRIMARY KEY (digest)
  constraint images_unpacked_range CHECK ((unpacked > 0))
  constraint raise_observed_image TRIGGER DEFERRABLE INITIALLY DEFERRED
  CREATE INDEX images_by_name ON public.images USING btree (name, architecture, created_at)
  CREATE UNIQUE INDEX images_one_default ON public.images USING btree (architecture) WHERE is_default
  CREATE CONSTRAINT TRIGGER raise_observed_image AFTER UPDATE ON public.images DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.is_default IS DISTINCT FROM new.is_default)) EXECUTE FUNCTION raise_observed()

table image_places
  node_id text not null
  image text not null
  file text not null
  state text not null
  since timestamp with time zone not null default now()
  constraint image_places_file FOREIGN KEY (image, file) REFERENCES image_files(image, name) ON DELETE CASCADE
  constraint image_places_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint image_places_pkey PRIMARY KEY (node_id, image, file)
  constraint image_places_state_known CHECK ((state = ANY (ARRAY['there'::text, 'missing'::text, 'damaged'::text, 'fetching'::text])))
  CREATE INDEX image_places_by_file ON public.image_places USING btree (image, file)

table image_pieces
  image text not null
  file text not null
  first_byte bigint not null
  content bytea not null
  at timestamp with time zone not null default now()
  constraint image_pieces_content_length CHECK (((length(content) >= 1) AND (length(content) <= 67108864)))
  constraint image_pieces_file FOREIGN KEY (image, file) REFERENCES image_files(image, name) ON DELETE CASCADE
  constraint image_pieces_first_byte_range CHECK ((first_byte >= 0))
  constraint image_pieces_pkey PRIMARY KEY (image, file, first_byte)

table image_files
  image text not null
  name text not null
  size bigint not null
  sha256 text not null
  constraint image_files_image FOREIGN KEY (image) REFERENCES images(digest) ON DELETE CASCADE
  constraint image_files_name_grammar CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,60}$'::text))
  constraint image_files_pkey PRIMARY KEY (image, name)
  constraint image_files_sha256_grammar CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
  constraint image_files_size_range CHECK ((size > 0))

table ignored_machines
  mac text not null
  hostname text not null
  comment text not null default ''::text
  ignored_by text not null
  ignored_at timestamp with time zone not null default clock_timestamp()
  constraint ignored_machines_mac_grammar CHECK ((mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'::text))
  constraint ignored_machines_pkey PRIMARY KEY (mac)
  constraint ignored_machines_texts_size CHECK (((length(hostname) <= 255) AND (length(comment) <= 200) AND (length(ignored_by) <= 64)))

table idempotency
  actor text not null
  key text not null
  digest text not null
  operation text not null
  status integer
  body json
  revision bigint
  confirmed integer not null default 0
  created_at timestamp with time zone not null default now()
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint idempotency_pkey PRIMARY KEY (actor, key)
  CREATE INDEX idempotency_by_age ON public.idempotency USING btree (created_at)
  CREATE CONSTRAINT TRIGGER check_durable AFTER UPDATE ON public.idempotency DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table history
  id bigint not null identity
  operation text not null
  table_name text not null
  op text not null
  row_key jsonb not null
  old_row jsonb
  new_row jsonb
  constraint history_pkey PRIMARY KEY (id)
  CREATE INDEX history_by_operation ON public.history USING btree (operation, id)
  CREATE INDEX history_by_row ON public.history USING btree (table_name, row_key, id)

table held_addresses
  address inet not null
  machine_id text not null
  machine text not null
  macs text[] not null default '{}'::text[]
  since timestamp with time zone not null default clock_timestamp()
  constraint held_addresses_pkey PRIMARY KEY (address)
  CREATE INDEX held_addresses_by_machine ON public.held_addresses USING btree (machine_id)

table held
  node_id text not null
  generation bigint not null
  digest text not null
  reported_at timestamp with time zone not null default now()
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint held_generation_range CHECK (((generation >= 0) AND (generation <= '9007199254740991'::bigint)))
  constraint held_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint held_pkey PRIMARY KEY (node_id)
  CREATE CONSTRAINT TRIGGER check_durable AFTER INSERT OR UPDATE ON public.held DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table heartbeats
  process text not null
  node text not null
  version text not null
  started_at timestamp with time zone not null
  at timestamp with time zone not null default now()
  features text[] not null default '{}'::text[]
  constraint heartbeats_pkey PRIMARY KEY (process)

table gates
  name text not null
  value text not null
  since timestamp with time zone not null default now()
  constraint gates_pkey PRIMARY KEY (name)

table findings
  node_id text not null
  service text not null
  revision bigint not null
  findings jsonb not null
  since timestamp with time zone not null default now()
  constraint findings_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint findings_pkey PRIMARY KEY (node_id, service)

table finding_mutes
  finding text not null
  until timestamp with time zone not null
  reason text not null
  covers jsonb
  muted_by text not null
  muted_at timestamp with time zone not null default now()
  constraint finding_mutes_covers CHECK (((jsonb_typeof(covers) = 'object'::text) AND (length((covers)::text) <= 32768)))
  constraint finding_mutes_finding CHECK ((finding ~ '^[a-z0-9-]{1,64}$'::text))
  constraint finding_mutes_pkey PRIMARY KEY (finding)
  constraint finding_mutes_reason CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))

table files
  id integer not null identity
  owner text not null
  name text not null
  key text not null
  content bytea not null
  updated_at timestamp with time zone not null default now()
  constraint files_content_size CHECK ((length(content) <= 3145728))
  constraint files_key_grammar CHECK ((key ~ '^[0-9a-f]{32}$'::text))
  constraint files_key_unique UNIQUE (key)
  constraint files_name_grammar CHECK ((((length(name) >= 1) AND (length(name) <= 255)) AND (name !~ '[[:cntrl:]]'::text)))
  constraint files_once UNIQUE (owner, name)
  constraint files_owner FOREIGN KEY (owner) REFERENCES users(name) ON DELETE CASCADE
  constraint files_pkey PRIMARY KEY (id)

table features
  name text not null
  enabled_at timestamp with time zone not null default now()
  constraint features_name_format CHECK ((name ~ '^[a-z][a-z0-9-]{0,39}$'::text))
  constraint features_pkey PRIMARY KEY (name)

table fabrics
  id integer not null identity
  name text not null
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint fabrics_name_grammar CHECK ((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text))
  constraint fabrics_name_unique UNIQUE (name)
  constraint fabrics_pkey PRIMARY KEY (id)
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.fabrics FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.fabrics FOR EACH ROW EXECUTE FUNCTION write_history('id')

table events
  id bigint not null
  kind text not null
  subject text not null
  data jsonb not null
  actor text not null
  revision bigint not null
  at timestamp with time zone not null default clock_timestamp()
  operation text default NULLIF(current_setting('regent.operation'::text, true), ''::text)
  constraint events_pkey PRIMARY KEY (id)
  CREATE INDEX events_by_age ON public.events USING btree (at)
  CREATE INDEX events_by_operation ON public.events USING btree (operation, id) WHERE (operation IS NOT NULL)
  CREATE INDEX events_of_machines ON public.events USING btree (subject, id) WHERE (kind ~~ 'machine.%'::text)

table drill_rounds
  id integer not null identity
  run uuid not null
  hazard text not null
  round integer not null
  seed bigint not null
  started_at timestamp with time zone not null
  passed boolean not null
  version text not null
  stored_at timestamp with time zone not null default now()
  verdict jsonb not null
  timeline jsonb not null
  constraint drill_rounds_hazard_grammar CHECK (((length(hazard) <= 64) AND (hazard ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text)))
  constraint drill_rounds_once UNIQUE (run, hazard, round)
  constraint drill_rounds_pkey PRIMARY KEY (id)
  constraint drill_rounds_round_range CHECK ((round >= 0))
  constraint drill_rounds_seed_range CHECK (((seed >= 0) AND (seed <= '9007199254740991'::bigint)))
  constraint drill_rounds_timeline_size CHECK ((octet_length((timeline)::text) <= 2097152))
  constraint drill_rounds_verdict_size CHECK ((octet_length((verdict)::text) <= 262144))
  CREATE INDEX drill_rounds_by_hazard ON public.drill_rounds USING btree (hazard, id)

table drill_ledger
  run uuid not null
  number integer not null
  written_at timestamp with time zone not null default clock_timestamp()
  constraint drill_ledger_number_range CHECK ((number >= 1))
  constraint drill_ledger_pkey PRIMARY KEY (run, number)
  CREATE INDEX drill_ledger_by_age ON public.drill_ledger USING btree (written_at)

table domains
  id integer not null identity
  name text not null
  ttl integer
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  lease_names boolean not null default false
  transfer_to inet[] not null default '{}'::inet[]
  transfer_key_id integer
  authoritative boolean not null default true
  forward_to text[] not null default '{}'::text[]
  constraint domains_forward_elsewhere CHECK (((cardinality(forward_to) = 0) OR (NOT authoritative)))
  constraint domains_forward_few CHECK ((cardinality(forward_to) <= 8))
  constraint domains_forward_grammar CHECK ((array_to_string(forward_to, ' '::text, 'null'::text) ~ '^[][0-9a-f.: ]*$'::text))
  constraint domains_name_grammar CHECK (((length(name) <= 253) AND (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'::text) AND (name !~ '(^|\.)[0-9]+$'::text) AND (name !~ '(^|\.)(in-addr|ip6)\.arpa$'::text)))
  constraint domains_name_unique UNIQUE (name)
  constraint domains_pkey PRIMARY KEY (id)
  constraint domains_transfer_few CHECK ((cardinality(transfer_to) <= 8))
  constraint domains_transfer_key FOREIGN KEY (transfer_key_id) REFERENCES tsig_keys(id)
  constraint domains_ttl_range CHECK (((ttl >= 1) AND (ttl <= 604800)))
  CREATE INDEX domains_by_transfer_key ON public.domains USING btree (transfer_key_id)
  CREATE TRIGGER check_special_name BEFORE INSERT ON public.domains FOR EACH ROW EXECUTE FUNCTION check_special_name()
  CREATE TRIGGER check_special_name_set BEFORE UPDATE OF name ON public.domains FOR EACH ROW WHEN ((old.name IS DISTINCT FROM new.name)) EXECUTE FUNCTION check_special_name()
  CREATE TRIGGER keep_name_claims AFTER INSERT OR DELETE OR UPDATE OF name ON public.domains FOR EACH ROW EXECUTE FUNCTION keep_name_claims()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.domains FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.domains FOR EACH ROW EXECUTE FUNCTION write_history('id')

table doctor_findings
  id bigint not null identity
  finding text not null
  state text not null
  detail text not null
  since timestamp with time zone not null default now()
  seen_at timestamp with time zone not null default now()
  is_muted boolean not null default false
  announced_at timestamp with time zone
  ended_at timestamp with time zone
  end_reason text
  remedy text not null default ''::text
  constraint doctor_findings_detail CHECK ((length(detail) <= 4000))
  constraint doctor_findings_end CHECK ((((ended_at IS NULL) = (end_reason IS NULL)) AND (end_reason = ANY (ARRAY['holds'::text, 'muted'::text]))))
  constraint doctor_findings_finding CHECK ((finding ~ '^[a-z0-9-]{1,64}$'::text))
  constraint doctor_findings_pkey PRIMARY KEY (id)
  constraint doctor_findings_state CHECK ((state = ANY (ARRAY['warning'::text, 'unknown'::text, 'broken'::text])))
  CREATE INDEX doctor_findings_ended ON public.doctor_findings USING btree (ended_at) WHERE (ended_at IS NOT NULL)
  CREATE UNIQUE INDEX doctor_findings_standing ON public.doctor_findings USING btree (finding) WHERE (ended_at IS NULL)

table dhcp_snippets
  id integer not null identity
  name text not null
  comment text not null default ''::text
  enabled boolean not null default true
  scope text not null default 'global'::text
  text text not null default '{}'::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint dhcp_snippets_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint dhcp_snippets_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint dhcp_snippets_name_unique UNIQUE (name)
  constraint dhcp_snippets_pkey PRIMARY KEY (id)
  constraint dhcp_snippets_scope_grammar CHECK ((scope ~ '^(global|[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9.]{7,15}/[0-9]{1,2})$'::text))
  constraint dhcp_snippets_text_grammar CHECK ((length(text) <= 65536))
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.dhcp_snippets FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.dhcp_snippets FOR EACH ROW EXECUTE FUNCTION write_history('id')

table desired
  node_id text not null
  generation bigint not null
  digest text not null
  revision bigint not null
  compiled_revision bigint not null
  body json
  outline json not null
  compiler text not null
  process text not null
  published_at timestamp with time zone not null default now()
  compiled_observed bigint not null default 0
  root bytea
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint desired_generation_range CHECK (((generation >= 1) AND (generation <= '4503599627370496'::bigint)))
  constraint desired_has_body CHECK (((body IS NOT NULL) OR (root IS NOT NULL)))
  constraint desired_node_id_fkey FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint desired_pkey PRIMARY KEY (node_id)
  constraint desired_root FOREIGN KEY (root) REFERENCES body_parts(digest)
  CREATE CONSTRAINT TRIGGER check_durable AFTER INSERT OR UPDATE ON public.desired DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table deployed_addresses
  address_id integer not null
  machine_id text not null
  constraint deployed_addresses_address FOREIGN KEY (address_id) REFERENCES interface_addresses(id) ON DELETE CASCADE
  constraint deployed_addresses_machine FOREIGN KEY (machine_id) REFERENCES machines(id) ON DELETE CASCADE
  constraint deployed_addresses_pkey PRIMARY KEY (address_id)
  CREATE INDEX deployed_addresses_by_machine ON public.deployed_addresses USING btree (machine_id)

table counters
  id integer not null default 1
  event bigint not null default 0
  revision bigint not null default 0
  observed bigint not null default 0
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint counters_pkey PRIMARY KEY (id)
  constraint counters_single CHECK ((id = 1))
  CREATE CONSTRAINT TRIGGER check_durable AFTER UPDATE ON public.counters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table contacts
  id integer not null identity
  name text not null
  phone text not null default ''::text
  address text not null default ''::text
  machine_id text
  rack_id text
  comment text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint contacts_address_grammar CHECK (((address = ''::text) OR ((length(address) <= 254) AND (address ~ '^[^@[:space:][:cntrl:]]+@[a-z0-9.-]+$'::text))))
  constraint contacts_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint contacts_machine FOREIGN KEY (machine_id) REFERENCES machines(id)
  constraint contacts_name_grammar CHECK ((((length(name) >= 1) AND (length(name) <= 64)) AND (name !~ '[[:cntrl:]"<>\\/]'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint contacts_name_unique UNIQUE (name)
  constraint contacts_of_one CHECK ((num_nonnulls(machine_id, rack_id) <= 1))
  constraint contacts_phone_grammar CHECK (((phone = ''::text) OR (phone ~ '^[+(0-9][0-9 ()./-]{1,38}[0-9)](x[0-9]{1,6})?$'::text)))
  constraint contacts_pkey PRIMARY KEY (id)
  constraint contacts_rack FOREIGN KEY (rack_id) REFERENCES racks(uuid)
  CREATE INDEX contacts_by_machine ON public.contacts USING btree (machine_id)
  CREATE INDEX contacts_by_rack ON public.contacts USING btree (rack_id)
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.contacts FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.contacts FOR EACH ROW EXECUTE FUNCTION write_history('id')

table compiles
  id bigint not null identity
  revision bigint not null
  after_revision bigint not null
  at timestamp with time zone not null default now()
  constraint compiles_pkey PRIMARY KEY (id)
  CREATE INDEX compiles_by_revision ON public.compiles USING btree (revision, id)

table compile_findings
  id bigint not null identity
  node_id text not null
  node_name text not null
  service text not null
  finding jsonb not null
  digest text not null
  since timestamp with time zone not null
  first_compile bigint not null
  until_compile bigint
  constraint compile_findings_pkey PRIMARY KEY (id)
  CREATE INDEX compile_findings_ended ON public.compile_findings USING btree (until_compile) WHERE (until_compile IS NOT NULL)
  CREATE INDEX compile_findings_span ON public.compile_findings USING gist (int8range(first_compile, until_compile))
  CREATE INDEX compile_findings_standing ON public.compile_findings USING btree (digest) WHERE (until_compile IS NULL)

table commands
  id integer not null identity
  node_id text not null
  kind text not null
  args jsonb not null
  is_repeatable boolean not null
  claim_seconds integer not null
  caller text not null
  state text not null default 'waiting'::text
  epoch integer not null default 0
  claim_key text
  claimed_at timestamp with time zone
  claim_until timestamp with time zone
  deadline timestamp with time zone not null
  result jsonb
  sentence text
  created_at timestamp with time zone not null default clock_timestamp()
  ended_at timestamp with time zone
  constraint check_durable TRIGGER DEFERRABLE INITIALLY DEFERRED
  constraint commands_args_size CHECK ((octet_length((args)::text) <= 65536))
  constraint commands_claimed_is_held CHECK ((((state = 'claimed'::text) = (claim_until IS NOT NULL)) AND ((claim_key IS NULL) = (claim_until IS NULL))))
  constraint commands_counts CHECK (((epoch >= 0) AND ((claim_seconds >= 1) AND (claim_seconds <= 3600))))
  constraint commands_done_has_result CHECK (((state <> 'done'::text) OR (result IS NOT NULL)))
  constraint commands_end_is_whole CHECK ((((state = ANY (ARRAY['done'::text, 'failed'::text, 'expired'::text])) = (ended_at IS NOT NULL)) AND ((ended_at IS NULL) = (sentence IS NULL))))
  constraint commands_kind_grammar CHECK (((length(kind) <= 64) AND (kind ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text)))
  constraint commands_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint commands_pkey PRIMARY KEY (id)
  constraint commands_result_size CHECK ((octet_length((result)::text) <= 131072))
  constraint commands_state_known CHECK ((state = ANY (ARRAY['waiting'::text, 'claimed'::text, 'done'::text, 'failed'::text, 'expired'::text])))
  CREATE INDEX commands_of_machines ON public.commands USING btree (((args ->> 'machine'::text)), id) WHERE (kind = 'power'::text)
  CREATE INDEX commands_open ON public.commands USING btree (node_id, id) WHERE (ended_at IS NULL)
  CREATE TRIGGER check_command_goes_on BEFORE UPDATE ON public.commands FOR EACH ROW EXECUTE FUNCTION check_command_goes_on()
  CREATE CONSTRAINT TRIGGER check_durable AFTER INSERT OR UPDATE ON public.commands DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_durable()

table command_secrets
  command_id integer not null
  secrets jsonb
  sealed text
  constraint command_secrets_command FOREIGN KEY (command_id) REFERENCES commands(id) ON DELETE CASCADE
  constraint command_secrets_one CHECK (((num_nonnulls(secrets, sealed) = 1) AND (length(sealed) <= 32768)))
  constraint command_secrets_pkey PRIMARY KEY (command_id)
  constraint command_secrets_size CHECK ((octet_length((secrets)::text) <= 16384))

table cluster_roles
  role text not null
  node text not null
  mark bigint not null default 0
  since timestamp with time zone not null default now()
  constraint cluster_roles_known CHECK ((role = ANY (ARRAY['primary'::text, 'vip'::text])))
  constraint cluster_roles_pkey PRIMARY KEY (role)

table cluster_pause
  is_only boolean not null default true
  node text not null
  since timestamp with time zone not null default now()
  constraint cluster_pause_one CHECK (is_only)
  constraint cluster_pause_pkey PRIMARY KEY (is_only)

table cluster
  id text not null
  is_only boolean not null default true
  vip inet
  virtual_router integer not null default 51
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  external_database boolean not null default false
  constraint cluster_id_grammar CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
  constraint cluster_is_only CHECK (is_only)
  constraint cluster_only_one UNIQUE (is_only)
  constraint cluster_pkey PRIMARY KEY (id)
  constraint cluster_virtual_router_range CHECK (((virtual_router >= 1) AND (virtual_router <= 255)))
  CREATE TRIGGER own_address_free AFTER INSERT ON public.cluster FOR EACH ROW WHEN ((new.vip IS NOT NULL)) EXECUTE FUNCTION check_own_address_free()
  CREATE TRIGGER own_address_free_set AFTER UPDATE OF vip ON public.cluster FOR EACH ROW WHEN (((new.vip IS NOT NULL) AND (old.vip IS DISTINCT FROM new.vip))) EXECUTE FUNCTION check_own_address_free()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.cluster FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.cluster FOR EACH ROW EXECUTE FUNCTION write_history('id')

table chores
  name text not null
  every interval not null
  last_ran timestamp with time zone not null default '-infinity'::timestamp with time zone
  last_process text not null default ''::text
  last_result jsonb not null default '{}'::jsonb
  constraint chores_pkey PRIMARY KEY (name)

table changes
  revision bigint not null
  operation text not null
  actor text not null
  origin text not null
  summary text not null
  reverts bigint
  at timestamp with time zone not null default clock_timestamp()
  constraint changes_operation_key UNIQUE (operation)
  constraint changes_pkey PRIMARY KEY (revision)
  CREATE INDEX changes_by_age ON public.changes USING btree (at)

table certificates
  serial text not null
  node_id text not null
  not_before timestamp with time zone not null
  not_after timestamp with time zone not null
  created_at timestamp with time zone not null default now()
  revoked_at timestamp with time zone
  revoked_why text
  shuts_out boolean not null default false
  names_role boolean not null default false
  constraint certificates_pkey PRIMARY KEY (serial)
  constraint certificates_revocation_is_whole CHECK (((revoked_at IS NULL) = (revoked_why IS NULL)))
  constraint certificates_serial_grammar CHECK ((serial ~ '^[0-9a-f]{2,40}$'::text))
  constraint certificates_shuts_out_revoked CHECK (((NOT shuts_out) OR (revoked_at IS NOT NULL)))
  constraint certificates_times CHECK ((not_after > not_before))
  CREATE INDEX certificates_by_end ON public.certificates USING btree (not_after)
  CREATE INDEX certificates_by_node ON public.certificates USING btree (node_id)

table boot_step_series
  node_id text not null
  epoch text not null
  sequence bigint not null
  offset_ms double precision not null
  constraint boot_step_series_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint boot_step_series_pkey PRIMARY KEY (node_id)

table boot_sources
  id integer not null identity
  name text not null
  comment text not null default ''::text
  type text not null default 'simplestreams'::text
  source_url text not null default ''::text
  keyring text not null default ''::text
  selections text not null default ''::text
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint boot_sources_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint boot_sources_keyring_grammar CHECK ((length(keyring) <= 65536))
  constraint boot_sources_name_grammar CHECK (((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?$'::text) AND (name !~ '^[0-9]+$'::text)))
  constraint boot_sources_name_unique UNIQUE (name)
  constraint boot_sources_pkey PRIMARY KEY (id)
  constraint boot_sources_selections_grammar CHECK (((length(selections) <= 2000) AND (selections !~ '[[:cntrl:]]'::text)))
  constraint boot_sources_source_url_grammar CHECK (((length(source_url) <= 500) AND (source_url !~ '[[:cntrl:]]'::text)))
  constraint boot_sources_type_grammar CHECK ((type = ANY (ARRAY['simplestreams'::text, 'regent'::text])))
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.boot_sources FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.boot_sources FOR EACH ROW EXECUTE FUNCTION write_history('id')

table boot_source_syncs
  source_id integer not null
  asked_at timestamp with time zone not null default now()
  ended_at timestamp with time zone
  node text not null default ''::text
  until timestamp with time zone
  file text not null default ''::text
  received bigint not null default 0
  size bigint not null default 0
  images integer not null default 0
  fetched integer not null default 0
  problem text not null default ''::text
  is_well boolean not null default true
  constraint boot_source_syncs_pkey PRIMARY KEY (source_id)
  constraint boot_source_syncs_source FOREIGN KEY (source_id) REFERENCES boot_sources(id) ON DELETE CASCADE

table body_parts
  digest bytea not null
  content json not null
  names bytea[] not null default '{}'::bytea[]
  named_at timestamp with time zone not null default now()
  constraint body_parts_digest_length CHECK ((length(digest) = 32))
  constraint body_parts_pkey PRIMARY KEY (digest)
  CREATE INDEX body_parts_by_named_at ON public.body_parts USING btree (named_at)

table bmcs
  id integer not null identity
  name text not null
  comment text not null default ''::text
  power_type text not null default 'manual'::text
  parameters jsonb not null default '{}'::jsonb
  secret_number integer not null default 0
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint bmcs_comment_grammar CHECK (((length(comment) <= 200) AND (comment !~ '[[:cntrl:]]'::text)))
  constraint bmcs_name_grammar CHECK ((name ~ '^[A-Za-z0-9]([A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$'::text))
  constraint bmcs_name_unique UNIQUE (name)
  constraint bmcs_parameters_grammar CHECK (((jsonb_typeof(parameters) = 'object'::text) AND (length((parameters)::text) <= 65536)))
  constraint bmcs_pkey PRIMARY KEY (id)
  constraint bmcs_power_type_grammar CHECK ((power_type = ANY (ARRAY['ipmi'::text, 'redfish'::text, 'virsh'::text, 'webhook'::text, 'manual'::text])))
  CREATE INDEX bmcs_by_address ON public.bmcs USING btree (bmc_address(parameters))
  CREATE TRIGGER forget_bmc_power AFTER UPDATE ON public.bmcs FOR EACH ROW WHEN (((old.power_type <> new.power_type) OR (old.parameters <> new.parameters) OR (old.secret_number <> new.secret_number))) EXECUTE FUNCTION forget_bmc_power()
  CREATE TRIGGER keep_bmc_pin BEFORE DELETE ON public.bmcs FOR EACH ROW EXECUTE FUNCTION keep_bmc_pin()
  CREATE TRIGGER raise_version BEFORE UPDATE ON public.bmcs FOR EACH ROW EXECUTE FUNCTION raise_version()
  CREATE TRIGGER recall_bmc_pin AFTER INSERT ON public.bmcs FOR EACH ROW EXECUTE FUNCTION recall_bmc_pin()
  CREATE TRIGGER write_history AFTER INSERT OR DELETE OR UPDATE ON public.bmcs FOR EACH ROW EXECUTE FUNCTION write_history('id')

table bmc_reach
  bmc_id integer not null
  node_id text not null
  at timestamp with time zone not null
  is_reachable boolean not null
  ms real
  why text not null
  worked_at timestamp with time zone
  constraint bmc_reach_bmc FOREIGN KEY (bmc_id) REFERENCES bmcs(id) ON DELETE CASCADE
  constraint bmc_reach_node FOREIGN KEY (node_id) REFERENCES nodes(id) ON DELETE CASCADE
  constraint bmc_reach_pkey PRIMARY KEY (bmc_id, node_id)
  CREATE INDEX bmc_reach_by_node ON public.bmc_reach USING btree (node_id)

table bmc_power
  bmc_id integer not null
  learned jsonb not null default '{}'::jsonb
  epoch bigint not null default 0
  constraint bmc_power_bmc FOREIGN KEY (bmc_id) REFERENCES bmcs(id) ON DELETE CASCADE
  constraint bmc_power_epoch_counts CHECK ((epoch >= 0))
  constraint bmc_power_learned_grammar CHECK (((jsonb_typeof(learned) = 'object'::text) AND (octet_length((learned)::text) <= 65536)))
  constraint bmc_power_pkey PRIMARY KEY (bmc_id)

table bmc_pins
  bmc_id integer not null
  place text not null
  fingerprint text not null
  constraint bmc_pins_fingerprint_grammar CHECK ((fingerprint ~ '^[0-9a-f]{64}$'::text))
  constraint bmc_pins_pkey PRIMARY KEY (bmc_id, place)
  constraint bmc_pins_place_size CHECK ((length(place) <= 4096))

table backups
  label text not null
  type text not null
  started_at timestamp with time zone not null
  stopped_at timestamp with time zone not null
  bytes bigint not null
  stored_bytes bigint not null
  wal_start text not null
  wal_stop text not null
  is_damaged boolean not null
  node text
  release text
  verified_at timestamp with time zone
  seen_at timestamp with time zone not null default now()
  constraint backups_label_grammar CHECK ((label ~ '^[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?$'::text))
  constraint backups_pkey PRIMARY KEY (label)
  constraint backups_type CHECK ((type = ANY (ARRAY['full'::text, 'diff'::text, 'incr'::text])))

table backup_target
  id boolean not null default true
  kind text not null
  store jsonb not null
  store_secret text not null
  recovery_key text not null
  fingerprint text not null
  escrow text not null
  retain_full integer not null
  queue_mb integer not null
  full_every integer not null
  incremental_every integer not null
  drill_every integer not null
  prepared_at timestamp with time zone
  version integer not null default 1
  changed_at timestamp with time zone not null default now()
  retain_days integer
  quota_mb integer
  constraint backup_target_fingerprint CHECK ((fingerprint ~ '^[0-9a-f]{16}$'::text))
  constraint backup_target_hours CHECK ((((full_every >= 0) AND (full_every <= 8760)) AND ((incremental_every >= 0) AND (incremental_every <= 8760)) AND ((drill_every >= 0) AND (drill_every <= 8760))))
  constraint backup_target_kind CHECK ((kind = ANY (ARRAY['folder'::text, 'sftp'::text, 's3'::text])))
  constraint backup_target_pkey PRIMARY KEY (id)
  constraint backup_target_queue_mb CHECK (((queue_mb >= 16) AND (queue_mb <= 1000000)))
  constraint backup_target_quota_mb CHECK (((quota_mb >= 100) AND (quota_mb <= 1000000000)))
  constraint backup_target_retain_days CHECK (((retain_days >= 1) AND (retain_days <= 3650)))
  constraint backup_target_retain_full CHECK (((retain_full >= 1) AND (retain_full <= 1000)))
  constraint backup_target_secret CHECK (((length(store_secret) <= 32768) AND (length(recovery_key) <= 1024) AND (length(escrow) <= 65536)))
  constraint backup_target_single CHECK (id)
  constraint backup_target_store CHECK (((jsonb_typeof(store) = 'object'::text) AND (length((store)::text) <= 32768)))

table backup_drills
  id bigint not null identity
  label text not null
  node text not null
  at timestamp with time zone not null default now()
  is_passed boolean not null
  report jsonb not null
  constraint backup_drills_pkey PRIMARY KEY (id)
  constraint backup_drills_report CHECK (((jsonb_typeof(report) = 'object'::text) AND (length((report)::text) <= 65536)))

table audit
  id bigint not null identity
  at timestamp with time zone not null default clock_timestamp()
  actor text not null
  origin text not null
  action text not null
  outcome text not null
  operation text
  constraint audit_pkey PRIMARY KEY (id)
  CREATE INDEX audit_by_actor ON public.audit USING btree (actor, id)
  CREATE INDEX audit_by_age ON public.audit USING btree (at)

table api_keys
  token text not null
  consumer text not null
  user_name text not null
  label text not null default ''::text
  secret_sha256 text not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone
  revoked_at timestamp with time zone
  used_at timestamp with time zone
  constraint api_keys_consumer_grammar CHECK ((consumer ~ '^[A-Za-z0-9]{1,64}$'::text))
  constraint api_keys_label_grammar CHECK (((length(label) <= 200) AND (label !~ '[[:cntrl:]]'::text)))
  constraint api_keys_pkey PRIMARY KEY (token)
  constraint api_keys_secret_hashed CHECK ((secret_sha256 ~ '^[0-9a-f]{64}$'::text))
  constraint api_keys_token_grammar CHECK ((token ~ '^[A-Za-z0-9]{1,64}$'::text))
  constraint api_keys_user FOREIGN KEY (user_name) REFERENCES users(name) ON DELETE CASCADE
  CREATE INDEX api_keys_by_user ON public.api_keys USING btree (user_name)

table annotations
  id integer not null identity
  fabric_id integer
  vlan_id integer
  subnet_id integer
  space_id integer
  domain_id integer
  texts jsonb not null default '{}'::jsonb
  updated_at timestamp with time zone not null default now()
  constraint annotations_domain FOREIGN KEY (domain_id) REFERENCES domains(id) ON DELETE CASCADE
  constraint annotations_domain_once UNIQUE (domain_id)
  constraint annotations_fabric FOREIGN KEY (fabric_id) REFERENCES fabrics(id) ON DELETE CASCADE
  constraint annotations_fabric_once UNIQUE (fabric_id)
  constraint annotations_of_one CHECK ((num_nonnulls(fabric_id, vlan_id, subnet_id, space_id, domain_id) = 1))
  constraint annotations_pkey PRIMARY KEY (id)
  constraint annotations_space FOREIGN KEY (space_id) REFERENCES spaces(id) ON DELETE CASCADE
  constraint annotations_space_once UNIQUE (space_id)
  constraint annotations_subnet FOREIGN KEY (subnet_id) REFERENCES subnets(id) ON DELETE CASCADE
  constraint annotations_subnet_once UNIQUE (subnet_id)
  constraint annotations_texts_size CHECK ((length((texts)::text) <= 16384))
  constraint annotations_vlan FOREIGN KEY (vlan_id) REFERENCES vlans(id) ON DELETE CASCADE
  constraint annotations_vlan_once UNIQUE (vlan_id)

table alert_targets
  id integer not null identity
  name text not null
  kind text not null
  settings jsonb not null
  secret text
  least text not null default 'warning'::text
  is_enabled boolean not null default true
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  changed_at timestamp with time zone not null default now()
  delivered integer not null default 0
  dropped integer not null default 0
  last_success_at timestamp with time zone
  last_failure_at timestamp with time zone
  last_failure text
  constraint alert_targets_kind CHECK ((kind = ANY (ARRAY['webhook'::text, 'mail'::text])))
  constraint alert_targets_least CHECK (("least" = ANY (ARRAY['warning'::text, 'unknown'::text, 'broken'::text])))
  constraint alert_targets_name_grammar CHECK ((name ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'::text))
  constraint alert_targets_name_unique UNIQUE (name)
  constraint alert_targets_pkey PRIMARY KEY (id)
  constraint alert_targets_secret CHECK ((length(secret) <= 8192))
  constraint alert_targets_settings CHECK (((jsonb_typeof(settings) = 'object'::text) AND (length((settings)::text) <= 65536)))

table alert_deliveries
  id uuid not null default gen_random_uuid()
  target_id integer not null
  life bigint not null
  kind text not null
  created_at timestamp with time zone not null default now()
  next_at timestamp with time zone not null default now()
  attempts integer not null default 0
  epoch integer not null default 0
  claimed_until timestamp with time zone
  state text not null default 'waiting'::text
  failure text
  ended_at timestamp with time zone
  constraint alert_deliveries_kind CHECK ((kind = ANY (ARRAY['opened'::text, 'closed'::text])))
  constraint alert_deliveries_once UNIQUE (target_id, life, kind)
  constraint alert_deliveries_pkey PRIMARY KEY (id)
  constraint alert_deliveries_state CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'given-up'::text, 'dropped'::text])))
  constraint alert_deliveries_target FOREIGN KEY (target_id) REFERENCES alert_targets(id) ON DELETE CASCADE
  CREATE INDEX alert_deliveries_ended ON public.alert_deliveries USING btree (ended_at) WHERE (ended_at IS NOT NULL)
  CREATE INDEX alert_deliveries_waiting ON public.alert_deliveries USING btree (next_at) WHERE (state = 'waiting'::text)

table address_claims
  source text not null
  source_id integer not null
  span inetrange not null
  constraint address_claims_no_overlap EXCLUDE USING gist (span WITH &&)
  constraint address_claims_pkey PRIMARY KEY (source, source_id)

function write_tag_history()
CREATE OR REPLACE FUNCTION public.write_tag_history()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  operation text := nullif(current_setting('regent.operation', true), '');
begin
  if operation is null and exists (select from changed) then
    perform refuse('history_operation', format('%s changes only through the write helper, which keeps its history', tg_table_name));
  end if;
  insert into history (operation, table_name, op, row_key, old_row, new_row)
    select operation, tg_table_name, lower(tg_op), jsonb_build_object('machine_id', c.machine_id, 'tag_id', c.tag_id),
      case tg_op when 'DELETE' then to_jsonb(c) end, case tg_op when 'INSERT' then to_jsonb(c) end
      from changed c order by c.machine_id, c.tag_id;
  return null;
end $function$


function write_history()
CREATE OR REPLACE FUNCTION public.write_history()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  operation text := nullif(current_setting('regent.operation', true), '');
  bookkeeping text[] := '{version,updated_at}';
  old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
  new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
  row_key jsonb;
begin
  if tg_op = 'UPDATE' and old_row - bookkeeping = new_row - bookkeeping then
    return null;
  end if;
  if operation is null then
    perform refuse('history_operation', format('%s changes only through the write helper, which keeps its history', tg_table_name));
  end if;
  select jsonb_object_agg(k, coalesce(new_row, old_row) -> k) into row_key from unnest(tg_argv) as k;
  insert into history (operation, table_name, op, row_key, old_row, new_row)
    values (operation, tg_table_name, lower(tg_op), row_key, old_row, new_row);
  return null;
end $function$


function without_empty(jsonb)
CREATE OR REPLACE FUNCTION public.without_empty(texts jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
RETURN COALESCE((SELECT jsonb_object_agg(jsonb_each.key, jsonb_each.value) AS jsonb_object_agg FROM jsonb_each(without_empty.texts) jsonb_each(key, value) WHERE (jsonb_each.value <> '""'::jsonb)), '{}'::jsonb)


function users_of_addresses(inet[],boolean)
CREATE OR REPLACE FUNCTION public.users_of_addresses(addresses inet[], is_floating boolean)
 RETURNS TABLE(address inet, words text)
 LANGUAGE sql
 STABLE
AS $function$
  select w, claim_words(c) from unnest(addresses) as w join address_claims c on c.span @> w
    where c.source <> 'subnets' or is_floating
  union all
  select w, format('%s, an address of the node %s', host(w), n.name) from unnest(addresses) as w join nodes n on w = any (n.addresses)
    where is_floating
  order by 1
$function$


function touch_tagged_machines()
CREATE OR REPLACE FUNCTION public.touch_tagged_machines()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
begin
  -- In the order of their ids: two such changes at once wait for each other.
  perform from machines where id = any (array(select machine_id from changed)) order by id for no key update;
  update machines set version = version + 1, updated_at = now() where id = any (array(select machine_id from changed));
  return null;
end $function$


function touch_tagged_machine()
CREATE OR REPLACE FUNCTION public.touch_tagged_machine()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update machines set version = version + 1, updated_at = now() where id = case tg_op when 'DELETE' then old.machine_id else new.machine_id end;
  return null;
end $function$


function touch_machine()
CREATE OR REPLACE FUNCTION public.touch_machine()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  touched text := changed ->> 'machine_id';
begin
  if tg_table_name <> 'interfaces' then
    select machine_id into touched from interfaces where id = (changed ->> 'interface_id')::int;
  end if;
  update machines set version = version + 1, updated_at = now() where id = touched;
  return null;
end $function$


function store_bmc_pin(integer,text)
CREATE OR REPLACE FUNCTION public.store_bmc_pin(of_bmc integer, at_place text)
 RETURNS void
 LANGUAGE sql
AS $function$
  insert into bmc_pins (bmc_id, place, fingerprint)
    select bmc_id, at_place, learned ->> 'certificate_fingerprint' from bmc_power
    where bmc_id = of_bmc and learned ->> 'certificate_fingerprint' ~ '^[0-9a-f]{64}$'
    on conflict (bmc_id, place) do update set fingerprint = excluded.fingerprint
$function$


function special_network(cidr)
CREATE OR REPLACE FUNCTION public.special_network(network cidr)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  with blocks (block, is_allowed) as (values
    ('0.0.0.0/8'::cidr, false), ('127.0.0.0/8', false), ('169.254.0.0/16', false), ('192.0.0.0/24', false), ('192.31.196.0/24', false),
    ('192.52.193.0/24', false), ('192.88.99.0/24', false), ('192.175.48.0/24', false), ('224.0.0.0/4', false), ('240.0.0.0/4', false),
    ('255.255.255.255/32', false), ('::/8', false), ('100::/64', false), ('100:0:0:1::/64', false), ('2001::/23', false),
    ('2001:2::/48', true), ('2620:4f:8000::/48', false), ('5f00::/16', false), ('fe80::/10', false), ('fec0::/10', false),
    ('ff00::/8', false)),
  holder as (select block, is_allowed from blocks where block >>= network order by masklen(block) desc limit 1)
  select coalesce(
    (select block::text from holder where not is_allowed),
    (select block::text from blocks where block << network and not is_allowed order by block limit 1))
$function$


function special_name(text)
CREATE OR REPLACE FUNCTION public.special_name(name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when name ~ '(^|\.)home\.arpa$' then null
    else substring(name from '(?:^|\.)(alt|arpa|invalid|local|localhost|onion)$') end
$function$


function settle_operation(text,text,integer,json)
CREATE OR REPLACE FUNCTION public.settle_operation(who text, operation_key text, code integer, answer json)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  told bigint;
begin
  if exists (select from history h join idempotency i on i.operation = h.operation where i.actor = who and i.key = operation_key) then
    raise exception 'a quiet write changed configuration';
  end if;
  update idempotency set status = code, body = answer, revision = (select c.revision from counters c)
    where actor = who and key = operation_key returning idempotency.revision into told;
  return told;
end $function$


function seals_secrets()
CREATE OR REPLACE FUNCTION public.seals_secrets()
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (select from features where name = 'sealed-secrets')
$function$


function running_system(text)
CREATE OR REPLACE FUNCTION public.running_system(of_machine text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
declare
  now_in text;
  was_in text;
begin
  select state, before into now_in, was_in from machine_states where machine_id = of_machine;
  return case
    when now_in = 'deployed' then 'deployed'
    when now_in = 'deploying' then 'being deployed'
    when now_in = 'releasing' then 'being released'
    when now_in = 'disk-erasing' then 'being erased'
    when was_in = 'deployed' and now_in in ('testing', 'failed-testing', 'broken', 'entering-rescue-mode', 'failed-entering-rescue-mode', 'rescue-mode',
      'exiting-rescue-mode', 'failed-exiting-rescue-mode') then format('%s, and was deployed before', now_in)
  end;
end $function$


function renew_copy_key()
CREATE OR REPLACE FUNCTION public.renew_copy_key()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' or new.state <> 'accepted' then
    insert into tsig_secrets (key_id, number, secret)
      select 0, max(number) + 1, case when not seals_secrets() then new_tsig_secret() end from tsig_secrets where key_id = 0;
  end if;
  return null;
end $function$


function refuse(text,text)
CREATE OR REPLACE FUNCTION public.refuse(constraint_name text, message text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  raise exception using errcode = 'integrity_constraint_violation', constraint = constraint_name, message = message;
end $function$


function recall_bmc_pin()
CREATE OR REPLACE FUNCTION public.recall_bmc_pin()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into bmc_power (bmc_id, learned)
    select new.id, bmc_pin(new.id, bmc_place(new.power_type, new.parameters))
    where exists (select from bmc_pins where bmc_id = new.id) on conflict do nothing;
  return null;
end $function$


function raise_version()
CREATE OR REPLACE FUNCTION public.raise_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if to_jsonb(new) - '{version,updated_at}'::text[] is distinct from to_jsonb(old) - '{version,updated_at}'::text[] then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end $function$


function raise_observed_by_one()
CREATE OR REPLACE FUNCTION public.raise_observed_by_one()
 RETURNS void
 LANGUAGE sql
AS $function$
  update counters set observed = observed + 1
$function$


function raise_observed()
CREATE OR REPLACE FUNCTION public.raise_observed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update counters set observed = observed + 1;
  return null;
end $function$


function new_tsig_secret()
CREATE OR REPLACE FUNCTION public.new_tsig_secret()
 RETURNS text
 LANGUAGE sql
AS $function$
  select translate(encode(sha512(convert_to(
    gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'base64'), E'\n', '')
$function$


function names_of(text,text)
CREATE OR REPLACE FUNCTION public.names_of(src text, sid text)
 RETURNS TABLE(fqdn text, kind text, zone text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
begin
  case src
    when 'records' then return query
      select case r.name when '@' then d.name else r.name || '.' || d.name end,
        case when r.type = 'CNAME' then 'cname' when r.type = 'NS' and r.name <> '@' then 'ns' else 'data' end, d.name
      from (select * from records where id = sid::int offset 0) r, lateral (select x.name from domains x where x.id = r.domain_id offset 0) d;
    when 'machines' then return query
      select m.hostname || '.' || d.name, 'machine', d.name
      from (select * from machines where id = sid offset 0) m, lateral (select x.name from domains x where x.id = m.domain_id offset 0) d
      union all
      select interface_label(i.name) || '.' || m.hostname || '.' || d.name, 'machine', d.name
      from (select x.name, row_number() over (order by x.position, x.id) as n from interfaces x where x.machine_id = sid) i,
        (select * from machines where id = sid offset 0) m, lateral (select x.name from domains x where x.id = m.domain_id offset 0) d
      where i.n > 1;
    when 'reservations' then return query
      select r.hostname || '.' || default_domain(), 'reservation', default_domain() from reservations r
      where r.id = sid::int and r.hostname is not null and not exists (select from interfaces i where i.mac = r.mac);
    when 'nodes' then return query
      select n.name || '.' || default_domain(), 'node', default_domain() from nodes n where n.id = sid;
    when 'domains' then return query
      select d.name, 'domain', d.name from domains d where d.id = sid::int;
  end case;
end $function$


function named_addresses(inet)
CREATE OR REPLACE FUNCTION public.named_addresses(network inet)
 RETURNS TABLE(address inet, words text)
 LANGUAGE sql
 STABLE
AS $function$
  with bounds as (select host(network(network))::inet as first, host(broadcast(network))::inet as last)
  select a, w from (
    select a, format('a resolver of the subnet %s', cidr) as w from subnets, unnest(resolvers) as a
    union all
    select boot_server, format('the boot server of the subnet %s', cidr) from subnets where boot_server is not null
    union all
    select a, format('in a DHCP option of the subnet %s', cidr) from subnets, unnest(dhcp_options) as o, addresses_in_text(o) as a
    union all
    select gateway::inet, format('the gateway of the static route %s', name) from static_routes where pg_input_is_valid(gateway, 'inet')
    union all
    select a, format('in the setting %s', name) from settings, addresses_in_text(value::text) as a where name <> 'dns_trusted_acl'
    union all
    select a, format('a name server that copies %s', name) from domains, unnest(transfer_to) as a
    union all
    select a, format('a name server of %s', name) from domains, unnest(forward_to) as f, addresses_in_text(replace(replace(regexp_replace(f, '^([0-9.]+):[0-9]+$', '\1'), '[', ' '), ']', ' ')) as a
    union all
    select a, format('in the DHCP snippet %s', name) from dhcp_snippets, addresses_in_text(text) as a where enabled
  ) as named (a, w), bounds where a between first and last
  union all
  select bmc_address(parameters), format('the address of the BMC %s', name) from bmcs, bounds where bmc_address(parameters) between first and last
$function$


function name_words(name_claims)
CREATE OR REPLACE FUNCTION public.name_words(claim name_claims)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(case claim.source
    when 'records' then (select format('the record %s %s', claim.fqdn, type) from records where id = claim.source_id::int)
    when 'machines' then (
      select case when claim.fqdn = m.hostname || '.' || d.name then format('the machine %s', claim.fqdn)
        else format('an interface of the machine %s.%s', m.hostname, d.name) end
      from machines m join domains d on d.id = m.domain_id where m.id = claim.source_id)
    when 'nodes' then (select format('the node %s', name) from nodes where id = claim.source_id)
    when 'reservations' then (select format('the reserved address %s', host(address)) from reservations where id = claim.source_id::int)
    when 'domains' then format('the domain %s', claim.fqdn)
  end, claim.fqdn)
$function$


function name_job_targets()
CREATE OR REPLACE FUNCTION public.name_job_targets()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.is_exclusive and not 'cluster' = any (new.targets) then
    new.targets := new.targets || 'cluster'::text;
  end if;
  new.is_exclusive := 'cluster' = any (new.targets);
  return new;
end $function$


function may_share_name(text,text)
CREATE OR REPLACE FUNCTION public.may_share_name(kind text, other text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case
    when 'domain' in (kind, other) then true
    when 'cname' in (kind, other) then false
    when kind in ('data', 'ns') or other in ('data', 'ns') then true
    else kind = 'reservation' and other = 'reservation'
  end
$function$


function make_tsig_secret()
CREATE OR REPLACE FUNCTION public.make_tsig_secret()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if not seals_secrets() then
    insert into tsig_secrets (key_id, number, secret) values (new.id, new.secret_number, new_tsig_secret()) on conflict do nothing;
  end if;
  return null;
end $function$


function keeps_power_secret(integer,integer)
CREATE OR REPLACE FUNCTION public.keeps_power_secret(of_bmc integer, of_number integer)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (select from bmcs where id = of_bmc and secret_number = of_number)
    or exists (select from history where table_name = 'bmcs' and (row_key ->> 'id')::int = of_bmc)
$function$


function keeps_bmc_pin(integer)
CREATE OR REPLACE FUNCTION public.keeps_bmc_pin(of_bmc integer)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (select from bmcs where id = of_bmc)
    or exists (select from history where table_name = 'bmcs' and (row_key ->> 'id')::int = of_bmc)
$function$


function keep_vlan_served()
CREATE OR REPLACE FUNCTION public.keep_vlan_served()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_table_name = 'vlans' then
    perform check_vlan_has_range(new.id);
  end if;
  return null;
end $function$


function keep_running_network()
CREATE OR REPLACE FUNCTION public.keep_running_network()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  changed jsonb := case when tg_op = 'INSERT' then to_jsonb(new) else to_jsonb(old) end;
  owner machines;
  why text;
begin
  if is_forced() then
    return null;
  end if;
  select m.* into owner from machines m where m.id = coalesce(changed ->> 'machine_id',
    (select machine_id from interfaces where id = (changed ->> 'interface_id')::int));
  why := running_system(owner.id);
  -- A deployment gives addresses when it begins.
  if why is null or why in ('being released', 'being erased') or (tg_op = 'INSERT' and why = 'being deployed') then
    return null;
  end if;
  perform refuse('machines_running_network', format('The machine %s is %s', owner.hostname, why));
  return null;
end $function$


function keep_running_machine()
CREATE OR REPLACE FUNCTION public.keep_running_machine()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  why text := running_system(old.id);
begin
  -- Tools delete what they release without a wait; its addresses stay occupied.
  if why is not null and why <> 'being released' and not is_forced() then
    perform refuse('machines_running', format('The machine %s is %s', old.hostname, why));
  end if;
  return old;
end $function$


function keep_reported_addresses()
CREATE OR REPLACE FUNCTION public.keep_reported_addresses()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from reported_addresses where node_id = new.node_id and address not in (select addresses_in_facts(new.facts));
  insert into reported_addresses select new.node_id, a from addresses_in_facts(new.facts) as a on conflict do nothing;
  return null;
end $function$


function keep_owner()
CREATE OR REPLACE FUNCTION public.keep_owner()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  names text;
begin
  select string_agg(hostname, ', ' order by hostname) into names from (
    select m.hostname from machine_states s join machines m on m.id = s.machine_id where s.owner = old.name order by m.hostname limit 10) as owned;
  if names is not null then
    perform refuse('users_have_machines', format('%s has %s', old.name, names));
  end if;
  return old;
end $function$


function keep_one_fixed_address()
CREATE OR REPLACE FUNCTION public.keep_one_fixed_address()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  place int;
begin
  case tg_table_name
    when 'reservations' then perform check_one_fixed_address(new.subnet_id, new.mac);
    when 'interface_addresses' then
      perform check_one_fixed_address(new.subnet_id, mac) from interfaces where id = new.interface_id;
    else
      for place in select distinct subnet_id from interface_addresses where interface_id = new.id order by subnet_id loop
        perform from subnets where id = place for no key update;
        perform check_one_fixed_address(place, new.mac);
      end loop;
  end case;
  return null;
end $function$


function keep_name_claims()
CREATE OR REPLACE FUNCTION public.keep_name_claims()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  source text := tg_table_name;
  was jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  is_now jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  own_id text := coalesce(is_now, was) ->> 'id';
begin
  -- Of two that come at once the second sees what the first one has written. Taken before the site's counters are, by every release.
  perform pg_advisory_xact_lock(5240003);
  case tg_table_name
    when 'interfaces' then
      -- The only interface of a machine comes and goes without a name of its own.
      if tg_op = 'UPDATE' or not has_one_name(coalesce(is_now, was) ->> 'machine_id', case tg_op when 'INSERT' then 1 else 0 end) then
        perform claim_names('machines', machine) from (
          select distinct x as machine from unnest(array[was ->> 'machine_id', is_now ->> 'machine_id']) as x where x is not null) as machines;
      end if;
      perform claim_names('reservations', r.id::text) from reservations r
        where r.hostname is not null and r.mac in (was ->> 'mac', is_now ->> 'mac');
    when 'settings' then
      perform claim_names('nodes', n.id) from nodes n;
      perform claim_names('reservations', r.id::text) from reservations r where r.hostname is not null;
    when 'domains' then
      perform claim_names('domains', own_id);
      if tg_op = 'UPDATE' then
        perform claim_names('records', r.id::text) from records r where r.domain_id = own_id::int;
        perform claim_names('machines', m.id) from machines m where m.domain_id = own_id::int;
      end if;
    else
      if tg_op = 'INSERT' then
        perform claim_new_names(source, own_id);
      else
        perform claim_names(source, own_id);
      end if;
  end case;
  return null;
end $function$


function keep_default()
CREATE OR REPLACE FUNCTION public.keep_default()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  case tg_table_name
    when 'zones' then perform refuse('zones_keep_default', format('%s is the zone of everything that names none', old.name));
    when 'resource_pools' then perform refuse('resource_pools_keep_default', format('%s is the resource pool of everything that names none', old.name));
  end case;
  return null;
end $function$


function keep_bmc_pin()
CREATE OR REPLACE FUNCTION public.keep_bmc_pin()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform store_bmc_pin(old.id, bmc_place(old.power_type, old.parameters));
  return old;
end $function$


function is_maybe_running(text)
CREATE OR REPLACE FUNCTION public.is_maybe_running(of_machine text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select running_system(of_machine) is not null and running_system(of_machine) <> 'being deployed'
    or exists (select from machine_states s left join machine_power p using (machine_id) where s.machine_id = of_machine and coalesce(p.state, '') <> 'off'
      and (s.state in ('deploying', 'failed-deployment', 'failed-releasing', 'failed-disk-erasing')
        or (s.state = 'broken' and s.before in ('deploying', 'failed-deployment', 'releasing', 'failed-releasing', 'disk-erasing', 'failed-disk-erasing'))))
$function$


function is_glue(name_claims)
CREATE OR REPLACE FUNCTION public.is_glue(claim name_claims)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (select from records n where n.type = 'NS' and n.data = claim.fqdn) and case
    when claim.source = 'records' then exists (select from records r where r.id = claim.source_id::int and r.type in ('A', 'AAAA'))
    else claim.source <> 'domains'
  end
$function$


function is_forced()
CREATE OR REPLACE FUNCTION public.is_forced()
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(current_setting('regent.forced', true), '') = 'yes'
$function$


function interface_label(text)
CREATE OR REPLACE FUNCTION public.interface_label(name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE STRICT
AS $function$
  select translate(lower(name), '._', '--')
$function$


function inetrange(inet,inet,text)
CREATE OR REPLACE FUNCTION public.inetrange(inet, inet, text)
 RETURNS inetrange
 LANGUAGE internal
 IMMUTABLE PARALLEL SAFE
AS $function$range_constructor3$function$


function inetrange(inet,inet)
CREATE OR REPLACE FUNCTION public.inetrange(inet, inet)
 RETURNS inetrange
 LANGUAGE internal
 IMMUTABLE PARALLEL SAFE
AS $function$range_constructor2$function$


function inetmultirange(inetrange[])
CREATE OR REPLACE FUNCTION public.inetmultirange(VARIADIC inetrange[])
 RETURNS inetmultirange
 LANGUAGE internal
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$multirange_constructor2$function$


function inetmultirange(inetrange)
CREATE OR REPLACE FUNCTION public.inetmultirange(inetrange)
 RETURNS inetmultirange
 LANGUAGE internal
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$multirange_constructor1$function$


function inetmultirange()
CREATE OR REPLACE FUNCTION public.inetmultirange()
 RETURNS inetmultirange
 LANGUAGE internal
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$multirange_constructor0$function$


function hold_job_targets()
CREATE OR REPLACE FUNCTION public.hold_job_targets()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    insert into job_targets (target, job_id)
      select distinct wanted, new.id from unnest(new.targets) as wanted order by wanted on conflict do nothing;
  elsif new.ended_at is not null then
    delete from job_targets where job_id = new.id;
  end if;
  return null;
end $function$


function hold_address()
CREATE OR REPLACE FUNCTION public.hold_address()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  owner record;
begin
  select m.id, m.hostname || '.' || d.name as fqdn, array(select mac from interfaces where machine_id = m.id order by mac) as macs into owner
    from interfaces i join machines m on m.id = i.machine_id join domains d on d.id = m.domain_id where i.id = old.interface_id;
  if owner.id is not null and is_maybe_running(owner.id) then
    insert into held_addresses as h (address, machine_id, machine, macs) values (old.address, owner.id, owner.fqdn, owner.macs)
      on conflict (address) do update set machine_id = excluded.machine_id, machine = excluded.machine, macs = excluded.macs, since = excluded.since;
  end if;
  return null;
end $function$


function has_one_name(text,integer)
CREATE OR REPLACE FUNCTION public.has_one_name(machine text, most integer)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
begin
  return (select count(*) from interfaces where machine_id = machine) <= most
    and (select count(*) from name_claims where source = 'machines' and source_id = machine) = 1;
end $function$


function give_lease_up()
CREATE OR REPLACE FUNCTION public.give_lease_up()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into lease_releases (address, mac, client_id, before, is_asked)
    select t.address, t.mac, t.client_id, now(), false from leases t
    where t.address = old.address and t.state = 'active' and not exists (
      select from leases o where o.address = t.address and o.node_id <> t.node_id and (o.starts_at, o.node_id) > (t.starts_at, t.node_id))
  on conflict (address) do update set mac = excluded.mac, client_id = excluded.client_id, before = excluded.before, at = now(),
    is_asked = lease_releases.is_asked and lease_releases.mac is not distinct from excluded.mac;
  return null;
end $function$


function forget_written()
CREATE OR REPLACE FUNCTION public.forget_written()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.data <> old.data and new.written is not distinct from old.written then
    new.written := null;
  end if;
  return new;
end $function$


function forget_sealed_user_data()
CREATE OR REPLACE FUNCTION public.forget_sealed_user_data()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.user_data_sealed := null;
  return new;
end $function$


function forget_machine_power()
CREATE OR REPLACE FUNCTION public.forget_machine_power()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from machine_power where machine_id = new.id;
  return null;
end $function$


function forget_bmc_power()
CREATE OR REPLACE FUNCTION public.forget_bmc_power()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform store_bmc_pin(old.id, bmc_place(old.power_type, old.parameters));
  update bmc_power set learned = bmc_pin(new.id, bmc_place(new.power_type, new.parameters)) where bmc_id = new.id;
  delete from bmc_reach where bmc_id = new.id;
  return null;
end $function$


function finish_operation(jsonb,json)
CREATE OR REPLACE FUNCTION public.finish_operation(facts jsonb, answer json)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  is_change boolean := exists (select from history where operation = facts ->> 'operation');
  counter counters;
begin
  insert into audit (actor, origin, action, outcome, operation)
    values (facts ->> 'actor', facts ->> 'origin', facts ->> 'summary', 'done', facts ->> 'operation');
  counter := emit_events(facts ->> 'actor', facts -> 'events', is_change);
  if is_change then
    insert into changes (revision, operation, actor, origin, summary, reverts)
      values (counter.revision, facts ->> 'operation', facts ->> 'actor', facts ->> 'origin', facts ->> 'summary',
        (facts ->> 'reverts')::bigint);
  end if;
  update idempotency set status = (facts ->> 'status')::int, body = answer, revision = counter.revision
    where actor = facts ->> 'actor' and key = facts ->> 'key';
  return counter.revision;
end $function$


function end_hold_by_state()
CREATE OR REPLACE FUNCTION public.end_hold_by_state()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from held_addresses where machine_id = new.machine_id;
  return null;
end $function$


function end_hold_by_power()
CREATE OR REPLACE FUNCTION public.end_hold_by_power()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if coalesce(running_system(new.machine_id), 'being released') in ('being released', 'being erased') then
    delete from held_addresses where machine_id = new.machine_id and since < coalesce(new.at, clock_timestamp());
  end if;
  return null;
end $function$


function end_hold_by_enlistment()
CREATE OR REPLACE FUNCTION public.end_hold_by_enlistment()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from held_addresses where new.mac = any (macs);
  return null;
end $function$


function emit_events(text,jsonb,boolean)
CREATE OR REPLACE FUNCTION public.emit_events(who text, emitted jsonb, is_change boolean)
 RETURNS counters
 LANGUAGE plpgsql
AS $function$
declare
  counter counters;
  added int := jsonb_array_length(emitted);
begin
  update counters set event = event + added, revision = revision + is_change::int returning * into counter;
  insert into events (id, kind, subject, data, actor, revision)
    select counter.event - added + n, e ->> 'kind', e ->> 'subject', e -> 'data', who, counter.revision
    from jsonb_array_elements(emitted) with ordinality as list (e, n);
  perform pg_notify('regent', json_build_object('event', counter.event, 'revision', counter.revision)::text);
  return counter;
end $function$


function drop_contacts()
CREATE OR REPLACE FUNCTION public.drop_contacts()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  case tg_table_name
    when 'machines' then delete from contacts where machine_id = old.id;
    when 'racks' then delete from contacts where rack_id = old.uuid;
  end case;
  return old;
end $function$


function default_domain()
CREATE OR REPLACE FUNCTION public.default_domain()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce((select value #>> '{}' from settings where name = 'default_domain'), 'regent.internal')
$function$


function claim_words(address_claims)
CREATE OR REPLACE FUNCTION public.claim_words(claim address_claims)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(case claim.source
    when 'ip_ranges' then (select format('the %s range %s-%s', kind, host(first), host(last)) from ip_ranges where id = claim.source_id)
    when 'subnets' then (select format('%s, the gateway of %s', host(gateway), cidr) from subnets where id = claim.source_id)
    when 'reservations' then (
      select case when mac is null then format('the reserved address %s', host(address))
        else format('%s, the static lease of %s', host(address), mac) end
      from reservations where id = claim.source_id)
    when 'interface_addresses' then (
      select format('%s, the address of %s of the machine %s', host(a.address), i.name, m.hostname)
      from interface_addresses a join interfaces i on i.id = a.interface_id join machines m on m.id = i.machine_id
      where a.id = claim.source_id)
  end, claim.span::text)
$function$


function claim_new_names(text,text)
CREATE OR REPLACE FUNCTION public.claim_new_names(src text, sid text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  insert into name_claims (source, source_id, fqdn, kind, zone) select src, sid, n.fqdn, n.kind, n.zone from names_of(src, sid) n;
end $function$


function claim_names(text,text)
CREATE OR REPLACE FUNCTION public.claim_names(src text, sid text)
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
begin
  delete from name_claims c
    where c.source = src and c.source_id = sid and c.fqdn <> all (array(select n.fqdn from names_of(src, sid) n));
  insert into name_claims as c (source, source_id, fqdn, kind, zone)
    select src, sid, n.fqdn, n.kind, n.zone from names_of(src, sid) n
    on conflict (source, source_id, fqdn) do update set kind = excluded.kind, zone = excluded.zone
    where (c.kind, c.zone) is distinct from (excluded.kind, excluded.zone);
end $function$


function claim_addresses()
CREATE OR REPLACE FUNCTION public.claim_addresses()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  wanted address_claims := row (tg_table_name, (changed ->> 'id')::int, null);
  rival address_claims;
begin
  if tg_op <> 'INSERT' then
    delete from address_claims where source = wanted.source and source_id = wanted.source_id;
  end if;
  if tg_op = 'DELETE' then
    return null;
  end if;
  wanted.span := case tg_table_name
    when 'ip_ranges' then
      case when changed ->> 'kind' = 'dynamic' then inetrange((changed ->> 'first')::inet, (changed ->> 'last')::inet, '[]') end
    when 'subnets' then
      case when changed ->> 'gateway' is not null then inetrange((changed ->> 'gateway')::inet, (changed ->> 'gateway')::inet, '[]') end
    else inetrange((changed ->> 'address')::inet, (changed ->> 'address')::inet, '[]')
  end;
  if wanted.span is null then
    return null;
  end if;
  select * into rival from address_claims where span && wanted.span order by span limit 1;
  if found then
    perform refuse('address_claims_no_overlap', format('%s collides with %s', claim_words(wanted), claim_words(rival)));
  end if;
  insert into address_claims select wanted.*;
  return null;
end $function$


function check_vlan_has_range(integer)
CREATE OR REPLACE FUNCTION public.check_vlan_has_range(vlan integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  found_vlan vlans;
begin
  select * into found_vlan from vlans where id = vlan for no key update;
  if found_vlan.dhcp_on and not exists (
    select from ip_ranges r join subnets s on s.id = r.subnet_id where s.vlan_id = vlan and r.kind = 'dynamic')
  then
    perform refuse('vlans_dhcp_has_range', format('The VLAN %s would serve DHCP without a dynamic range', found_vlan.name));
  end if;
end $function$


function check_version_grows()
CREATE OR REPLACE FUNCTION public.check_version_grows()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.version < old.version or (new.version = old.version and new.digest <> old.digest) then
    perform refuse('versions_grow', format('%s %s: %s does not follow %s', new.service, new.key, new.version, old.version));
  end if;
  return new;
end $function$


function check_subnet_stays()
CREATE OR REPLACE FUNCTION public.check_subnet_stays()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.vlan_id <> old.vlan_id and exists (select from interface_addresses where subnet_id = new.id) then
    perform refuse('subnets_keep_vlan', format('%s has addresses of machines on its VLAN', new.cidr));
  end if;
  return new;
end $function$


function check_subnet_keeps_ranges()
CREATE OR REPLACE FUNCTION public.check_subnet_keeps_ranges()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  outside text;
begin
  select x into outside from (
    select host(first) || '-' || host(last) as x from ip_ranges where subnet_id = new.id and not (first <<= new.cidr and last <<= new.cidr)
    union all select host(address) from reservations where subnet_id = new.id and not address <<= new.cidr) as parts limit 1;
  if found then
    perform refuse('subnets_keep_addresses', format('%s would be outside the subnet %s', outside, new.cidr));
  end if;
  return new;
end $function$


function check_subnet_keeps_addresses()
CREATE OR REPLACE FUNCTION public.check_subnet_keeps_addresses()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  outside inet;
begin
  select address into outside from interface_addresses
    where subnet_id = new.id and not address <<= new.cidr order by address limit 1;
  if found then
    perform refuse('subnets_keep_addresses', format('%s would be outside the subnet %s', host(outside), new.cidr));
  end if;
  return new;
end $function$


function check_special_network()
CREATE OR REPLACE FUNCTION public.check_special_network()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  block text := special_network(new.cidr);
begin
  if block is not null then
    perform refuse('subnets_no_special_network', format('%s shares addresses with %s', new.cidr, block));
  end if;
  return new;
end $function$


function check_special_name()
CREATE OR REPLACE FUNCTION public.check_special_name()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  special text := special_name(new.name);
begin
  if special is not null then
    perform refuse('domains_no_special_name', format('%s lies in %s', new.name, special));
  end if;
  return new;
end $function$


function check_record_target()
CREATE OR REPLACE FUNCTION public.check_record_target()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  mine name_claims;
begin
  select * into mine from name_claims where source = 'records' and source_id = new.id::text;
  if found and mine.kind = 'cname' then
    perform check_alias(mine.fqdn);
  elsif found and mine.kind = 'ns' then
    perform check_delegation(mine);
  end if;
  return null;
end $function$


function check_range_in_subnet()
CREATE OR REPLACE FUNCTION public.check_range_in_subnet()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  network cidr;
begin
  select cidr into network from subnets where id = new.subnet_id for no key update;
  if found and not (new.first <<= network and new.last <<= network) then
    perform refuse('ip_ranges_in_subnet', format('%s-%s is outside the subnet %s', host(new.first), host(new.last), network));
  end if;
  return new;
end $function$


function check_range_alone()
CREATE OR REPLACE FUNCTION public.check_range_alone()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  other ip_ranges;
begin
  select * into other from ip_ranges
    where inetrange(first, last, '[]') && inetrange(new.first, new.last, '[]') and id <> new.id order by first limit 1;
  if found then
    perform refuse('ip_ranges_no_overlap', format('The range %s-%s overlaps the %s range %s-%s',
      host(new.first), host(new.last), other.kind, host(other.first), host(other.last)));
  end if;
  return new;
end $function$


function check_own_address_free()
CREATE OR REPLACE FUNCTION public.check_own_address_free()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  row jsonb := to_jsonb(new);
  wanted inet[];
  rival record;
begin
  if tg_table_name = 'cluster' then
    wanted := array[host((row ->> 'vip')::inet)::inet];
  else
    select array_agg(a) into wanted from (
      select value::inet as a from jsonb_array_elements_text(row -> 'addresses') as t (value)
      except select value::inet from jsonb_array_elements_text(case when tg_op = 'UPDATE' then to_jsonb(old) -> 'addresses' else '[]' end) as t (value)
    ) as fresh;
    select a as address into rival from unnest(wanted) as a where a in (select host(vip)::inet from cluster) limit 1;
    if found then
      perform refuse('own_addresses_alone', format('%s is the floating address of the cluster', host(rival.address)));
    end if;
  end if;
  perform from subnets where exists (select from unnest(wanted) as a where a <<= cidr) order by id for no key update;
  select * into rival from users_of_addresses(wanted, tg_table_name = 'cluster') limit 1;
  if found then
    perform refuse('own_addresses_alone', format('%s collides with %s', host(rival.address), rival.words));
  end if;
  return null;
end $function$


function check_one_fixed_address(integer,text)
CREATE OR REPLACE FUNCTION public.check_one_fixed_address(subnet integer, interface_mac text)
 RETURNS void
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  lease inet;
  card interfaces;
  own inet;
begin
  select address into lease from reservations where subnet_id = subnet and mac = interface_mac;
  if not found then
    return;
  end if;
  select * into card from interfaces where mac = interface_mac and kind = 'physical';
  select address into own from interface_addresses where interface_id = card.id and subnet_id = subnet order by id limit 1;
  if found then
    perform refuse('reservations_or_machine', format('%s of the machine %s has %s, and %s has the static lease %s', card.name,
      (select hostname from machines where id = card.machine_id), host(own), interface_mac, host(lease)));
  end if;
end $function$


function check_not_held()
CREATE OR REPLACE FUNCTION public.check_not_held()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  row jsonb := to_jsonb(new);
  span inetrange;
  held held_addresses;
  own record;
begin
  span := case tg_table_name
    when 'ip_ranges' then inetrange((row ->> 'first')::inet, (row ->> 'last')::inet, '[]')
    else inetrange((row ->> 'address')::inet, (row ->> 'address')::inet, '[]')
  end;
  select * into held from held_addresses where address between lower(span) and upper(span) order by address limit 1;
  if not found then
    return null;
  end if;
  if tg_table_name = 'interface_addresses' then
    select i.machine_id, i.mac into own from interfaces i where i.id = (row ->> 'interface_id')::int;
    if own.machine_id = held.machine_id or own.mac = any (held.macs) then
      delete from held_addresses where address = held.address;
      return null;
    end if;
  elsif tg_table_name = 'reservations' and row ->> 'mac' = any (held.macs) then
    return null;
  end if;
  perform refuse('held_addresses_alone', format('%s is still an address of the system on %s', host(held.address), held.machine));
  return null;
end $function$


function check_no_own_address()
CREATE OR REPLACE FUNCTION public.check_no_own_address()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  row jsonb := to_jsonb(new);
  span inetrange;
  own own_addresses;
begin
  span := case tg_table_name
    when 'ip_ranges' then
      case when row ->> 'kind' = 'dynamic' then inetrange((row ->> 'first')::inet, (row ->> 'last')::inet, '[]') end
    when 'subnets' then inetrange((row ->> 'gateway')::inet, (row ->> 'gateway')::inet, '[]')
    else inetrange((row ->> 'address')::inet, (row ->> 'address')::inet, '[]')
  end;
  select * into own from own_addresses
    where address between lower(span) and upper(span) and (node_id is null or tg_table_name <> 'subnets') order by address, node_id limit 1;
  if found then
    perform refuse('own_addresses_alone', format('%s is %s', host(own.address), own.words));
  end if;
  return null;
end $function$


function check_name_claim()
CREATE OR REPLACE FUNCTION public.check_name_claim()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  mine name_claims;
  other name_claims;
  labels text[];
  cut text;
begin
  select * into mine from name_claims where source = new.source and source_id = new.source_id and fqdn = new.fqdn;
  if not found then
    return null;
  end if;
  if length(mine.fqdn) > 253 then
    perform refuse('names_length', format('%s has %s characters', name_words(mine), length(mine.fqdn)));
  end if;
  select * into other from (select * from name_claims where fqdn = mine.fqdn offset 0) as c
    where (c.source, c.source_id) <> (mine.source, mine.source_id) and not may_share_name(mine.kind, c.kind)
    order by c.source, c.source_id limit 1;
  if found then
    perform refuse(case when 'cname' in (mine.kind, other.kind) then 'records_cname_alone' else 'names_one_owner' end,
      format('%s: %s cannot have this name beside %s', mine.fqdn, name_words(mine), name_words(other)));
  end if;
  if mine.kind = 'domain' then
    select * into other from name_claims c
      where c.kind <> 'domain' and length(c.zone) < length(mine.fqdn)
        and (c.fqdn = mine.fqdn or (c.reversed >= reverse(mine.fqdn) || '.' and c.reversed < reverse(mine.fqdn) || '/'))
      order by c.fqdn, c.source limit 1;
    cut := mine.fqdn;
  else
    labels := string_to_array(mine.fqdn, '.');
    select d.name into cut from domains d
      where d.name in (select array_to_string(labels[n:], '.') from generate_series(1, cardinality(labels)) as n)
        and length(d.name) > length(mine.zone)
      order by length(d.name) desc limit 1;
    other := mine;
  end if;
  if found then
    perform refuse('names_in_longest_domain',
      format('%s, of the domain %s, would lie in %s, which is a domain of its own', name_words(other), other.zone, cut));
  end if;
  perform check_delegation(mine);
  if mine.kind = 'cname' then
    perform check_alias(mine.fqdn);
  end if;
  return null;
end $function$


function check_name_alone()
CREATE OR REPLACE FUNCTION public.check_name_alone()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  owner text := case tg_table_name when 'machines' then to_jsonb(new) ->> 'hostname' else to_jsonb(new) ->> 'name' end;
  is_cname boolean := coalesce(to_jsonb(new) ->> 'type', '') = 'CNAME';
  self text := tg_table_name || ' ' || (to_jsonb(new) ->> 'id');
  clash text;
begin
  perform from domains where id = new.domain_id for no key update;
  select other.type into clash from (
    select type, 'records ' || id as own_id from records where domain_id = new.domain_id and name = owner
    union all
    select 'machine', 'machines ' || id from machines where domain_id = new.domain_id and hostname = owner
  ) as other
  where other.own_id <> self and (is_cname or other.type = 'CNAME') limit 1;
  if found then
    perform refuse('records_cname_alone', format('%s cannot stand beside %s', owner, clash));
  end if;
  return new;
end $function$


function check_machine_goes_on()
CREATE OR REPLACE FUNCTION public.check_machine_goes_on()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.epoch < old.epoch or (new.state <> old.state and new.epoch = old.epoch) then
    perform refuse('machine_states_epoch_grows', format('machine %s: the epoch %s does not follow %s', old.machine_id, new.epoch, old.epoch));
  end if;
  return new;
end $function$


function check_job_targets()
CREATE OR REPLACE FUNCTION public.check_job_targets()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  missing text;
begin
  select wanted into missing from jobs j, unnest(j.targets) as wanted
    where j.id = new.id and j.ended_at is null
      and not exists (select from job_targets t where t.target = wanted and t.job_id = j.id) limit 1;
  if missing is not null then
    perform refuse('job_targets_held', format('job %s does not hold its target %s: another job has it', new.id, missing));
  end if;
  return null;
end $function$


function check_job_goes_on()
CREATE OR REPLACE FUNCTION public.check_job_goes_on()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.epoch < old.epoch then
    perform refuse('jobs_epoch_grows', format('job %s: the epoch %s does not follow %s', old.id, new.epoch, old.epoch));
  end if;
  if old.ended_at is not null then
    perform refuse('jobs_stay_ended', format('job %s has ended: %s', old.id, old.state));
  end if;
  return new;
end $function$


function check_interface_parent()
CREATE OR REPLACE FUNCTION public.check_interface_parent()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  above interfaces;
  below interfaces;
begin
  select * into above from interfaces where id = new.interface_id;
  select * into below from interfaces where id = new.parent_id;
  if above.machine_id <> below.machine_id then
    perform refuse('interface_parents_one_machine', format('%s and %s are of two machines', above.name, below.name));
  end if;
  if (case above.kind
    when 'bond' then below.kind not in ('physical')
    when 'bridge' then below.kind not in ('physical', 'bond', 'vlan')
    when 'vlan' then below.kind not in ('physical', 'bond', 'bridge')
    else true end)
  then
    perform refuse('interface_parents_kinds', format('%s (%s) cannot stand on %s (%s)', above.name, above.kind, below.name, below.kind));
  end if;
  return new;
end $function$


function check_durable()
CREATE OR REPLACE FUNCTION public.check_durable()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  mode text := current_setting('synchronous_commit');
begin
  if mode <> 'on' and mode <> 'remote_apply' then
    perform refuse('commits_durable', format('The session commits with synchronous_commit %s: what it is told could be lost', mode));
  end if;
  return null;
end $function$


function check_delegation(name_claims)
CREATE OR REPLACE FUNCTION public.check_delegation(mine name_claims)
 RETURNS void
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  other name_claims;
  labels text[] := string_to_array(mine.fqdn, '.');
begin
  if mine.kind = 'domain' then
    return;
  end if;
  if mine.kind = 'ns' then
    select * into other from name_claims c
      where c.zone = mine.zone and c.kind <> 'domain' and not is_glue(c)
        and ((c.fqdn = mine.fqdn and c.kind <> 'ns') or (c.reversed >= reverse(mine.fqdn) || '.' and c.reversed < reverse(mine.fqdn) || '/'))
      order by c.fqdn, c.source limit 1;
    if found then
      perform refuse('names_delegated', format('%s would give %s to other name servers', name_words(mine), name_words(other)));
    end if;
  end if;
  select c.* into other from generate_series(case mine.kind when 'ns' then 2 else 1 end, cardinality(labels)) as n,
    lateral (select * from name_claims x where x.fqdn = array_to_string(labels[n:], '.') offset 0) as c
    where c.kind = 'ns' and c.zone = mine.zone limit 1;
  if found and not is_glue(mine) then
    perform refuse('names_delegated', format('%s would lie at or below %s, which has NS records', name_words(mine), other.fqdn));
  end if;
end $function$


function check_command_goes_on()
CREATE OR REPLACE FUNCTION public.check_command_goes_on()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.epoch < old.epoch then
    perform refuse('commands_epoch_grows', format('command %s: the epoch %s does not follow %s', old.id, new.epoch, old.epoch));
  end if;
  if old.ended_at is not null then
    perform refuse('commands_stay_ended', format('command %s has ended: %s', old.id, old.state));
  end if;
  if new.ended_at is not null then
    delete from command_secrets where command_id = new.id;
  end if;
  return new;
end $function$


function check_alias(text)
CREATE OR REPLACE FUNCTION public.check_alias(fqdn text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  chain text[] := alias_loop(fqdn);
begin
  if chain is not null then
    perform refuse('records_cname_loop', format('the CNAME %s leads to itself: %s', fqdn, array_to_string(chain, ' → ')));
  end if;
end $function$


function check_address_on_vlan()
CREATE OR REPLACE FUNCTION public.check_address_on_vlan()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  found_subnet subnets;
  card_vlan int;
begin
  select * into found_subnet from subnets where id = new.subnet_id for no key update;
  select vlan_id into card_vlan from interfaces where id = new.interface_id;
  if card_vlan <> found_subnet.vlan_id then
    perform refuse('interface_addresses_on_vlan', format('%s is on another VLAN than the interface', found_subnet.cidr));
  end if;
  return new;
end $function$


function check_address_in_subnet()
CREATE OR REPLACE FUNCTION public.check_address_in_subnet()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  subnet subnets;
begin
  select * into subnet from subnets where id = new.subnet_id for no key update;
  if subnet.id is not null and not new.address <<= subnet.cidr then
    perform refuse(
      case tg_table_name when 'reservations' then 'reservations_in_subnet' else 'interface_addresses_in_subnet' end,
      format('%s is outside the subnet %s', host(new.address), subnet.cidr));
  end if;
  return new;
end $function$


function bmc_place(text,jsonb)
CREATE OR REPLACE FUNCTION public.bmc_place(power_type text, parameters jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select concat_ws(' ', power_type, parameters ->> 'power_address', parameters ->> 'certificate_fingerprint')
$function$


function bmc_pin(integer,text)
CREATE OR REPLACE FUNCTION public.bmc_pin(of_bmc integer, at_place text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce((select jsonb_build_object('certificate_fingerprint', fingerprint) from bmc_pins
    where bmc_id = of_bmc and place = at_place), '{}')
$function$


function bmc_address(jsonb)
CREATE OR REPLACE FUNCTION public.bmc_address(parameters jsonb)
 RETURNS inet
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when pg_input_is_valid(parameters ->> 'power_address', 'inet') then host((parameters ->> 'power_address')::inet)::inet end
$function$


function begin_operation(text,text,text,text)
CREATE OR REPLACE FUNCTION public.begin_operation(who text, operation_key text, request text, operation_id text)
 RETURNS TABLE(stored_digest text, stored_status integer, stored_body json, stored_revision bigint)
 LANGUAGE plpgsql
AS $function$
begin
  insert into idempotency (actor, key, digest, operation) values (who, operation_key, request, operation_id)
    on conflict (actor, key) do nothing;
  if found then
    perform set_config('regent.operation', operation_id, true);
    return;
  end if;
  return query update idempotency set confirmed = confirmed + 1 where actor = who and key = operation_key
    returning digest, status, body, revision;
end $function$


function alias_of(text)
CREATE OR REPLACE FUNCTION public.alias_of(name text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
declare
  labels text[] := string_to_array(name, '.');
  above text collate "C";
  owner text collate "C" := name;
begin
  for n in 1 .. cardinality(labels) loop
    above := array_to_string(labels[n:], '.');
    if n > 1 then
      owner := '*.' || above;
    end if;
    if exists (select from name_claims c where c.fqdn = above)
      or exists (select from name_claims c where c.reversed >= reverse(above) || '.' and c.reversed < reverse(above) || '/') then
      return (select r.data from name_claims c join records r on r.id = c.source_id::int
        where c.kind = 'cname' and c.fqdn = owner limit 1);
    end if;
  end loop;
  return null;
end $function$


function alias_loop(text)
CREATE OR REPLACE FUNCTION public.alias_loop(start text)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  chain text[] := array[start];
  next text := alias_of(start);
begin
  while next is not null loop
    if next = any (chain) then
      return chain || next;
    end if;
    chain := chain || next;
    next := alias_of(next);
  end loop;
  return null;
end $function$


function addresses_in_text(text)
CREATE OR REPLACE FUNCTION public.addresses_in_text(given text)
 RETURNS SETOF inet
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select distinct value::inet from (
    select (regexp_matches(given, '(?:^|[^0-9a-zA-Z:.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?![0-9a-zA-Z./])', 'g'))[1] as value
    union all
    select (regexp_matches(given, '(?:^|[^0-9a-zA-Z:.])([0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:[0-9a-fA-F:.]*)(?![0-9a-zA-Z:./])', 'g'))[1]
  ) as found where case when pg_input_is_valid(value, 'inet') then family(value::inet) = 4 or value <> '::' else false end
$function$


function addresses_in_facts(jsonb)
CREATE OR REPLACE FUNCTION public.addresses_in_facts(facts jsonb)
 RETURNS SETOF inet
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select distinct host(reported::inet)::inet
    from (select value #>> '{}' as reported from jsonb_path_query(facts, '$.interfaces[*].addresses[*]') as value) as texts
    where case when pg_input_is_valid(reported, 'inet') then true else false end
$function$
