import { type Rejected, rejected, show } from '../core/errors.ts';
import { ANNOTATION_SENTENCES } from './declared/annotation-sentences.ts';
import { DECLARED_SENTENCES } from './declared/declared-sentences.ts';
import { type SqlError, sqlErrorOf } from './failure.ts';
import { conflict, invalid, reference, type Sentence } from './declared/sentence.ts';

/** Every constraint of the schema that a request can break, and the sentence for the operator. */
export const SENTENCES: Readonly<Record<string, Sentence>> = {
  ...DECLARED_SENTENCES,
  tsig_secrets_pkey: conflict('The key got another secret at the same moment.', 'secret'),
  tsig_secrets_grammar: invalid('The secret is not base64 of 16 to 64 bytes.', 'secret'),
  users_email_grammar: invalid('The address is not usable. Rule: at most 254 characters without blanks.', 'email'),
  power_secrets_pkey: conflict('Other secrets were set at the same moment.', 'parameters'),
  power_secrets_grammar: invalid('The secrets are not sealed as they must be.', 'parameters'),
  machines_power_parameters_grammar: invalid(
    'The parameters of the machine are too long. Rule: at most 16384 characters.',
    'powerParameters',
  ),
  machines_description_grammar: invalid(
    'The description is not usable. Rule: one line of at most 2000 characters, no control characters.',
    'description',
  ),
  notifications_ident_unique: conflict('Another note has this ident already.', 'ident'),
  notifications_ident_grammar: invalid(
    'An ident has 1–40 letters, digits and . _ : / -, a letter or digit first.',
    'ident',
  ),
  notifications_category_known: invalid('The category is unknown. Rule: error, warning, success or info.', 'category'),
  notifications_message_size: invalid('A message has 1 to 4000 characters.', 'message'),
  notifications_context_shape: invalid('The context is too long. Rule: at most 16384 characters as JSON.', 'context'),
  notifications_user: reference('user', 'notes'),
  notification_dismissals_notification: reference('notification', 'who dismissed it'),
  notification_dismissals_user: reference('user', 'notes that were dismissed'),
  ...ANNOTATION_SENTENCES,
  files_owner: reference('user', 'files'),
  files_once: conflict('You have a file of this name already.', 'file'),
  files_key_unique: conflict('Another file got the same key at the same moment. Try again.'),
  files_key_grammar: invalid('The key of a file has 32 digits, 0–9 and a–f.', 'key'),
  files_name_grammar: invalid('A file has a name of 1 to 255 characters, none of them a control character.', 'file'),
  files_content_size: invalid('The file is too large. Rule: at most 3145728 bytes.', 'content'),
  machines_parent: reference('machine', 'devices that are parts of it'),
  machines_parent_of_device: invalid('A device is part of a machine. Rule: not of itself.', 'parent'),
  machines_boot_media_known: invalid('The media is unknown. Rule: http or iscsi.', 'bootMedia'),
  records_written_grammar: invalid('The data is not usable. Rule: no control characters.', 'data'),
  machines_expected_architecture_grammar: invalid(
    'The architecture is not usable. Rule: such as arm64/generic.',
    'expectedArchitecture',
  ),
  machines_min_hwe_kernel_grammar: invalid(
    'The name of the kernel is not usable. Rule: at most 64 letters, digits and . _ + -.',
    'minHweKernel',
  ),
  machines_annotations_grammar: invalid(
    'The annotations are too long. Rule: at most 65536 characters as JSON.',
    'annotations',
  ),
  machine_storage_machine: reference('machine', 'a layout of its disks'),
  machine_storage_pkey: conflict('The storage of the machine was changed by someone else at the same moment.'),
  machine_storage_shape: invalid('The storage has too many parts. Rule: at most 65000 characters as JSON.', 'changes'),
  domains_forward_few: invalid('A domain names at most 8 servers that answer for it.', 'forwardTo'),
  domains_forward_grammar: invalid('A name server is ADDRESS or ADDRESS:PORT.', 'forwardTo'),
  domains_forward_elsewhere: invalid(
    'A domain that is served here has no other servers. Rule: only with authoritative off.',
    'forwardTo',
  ),
  domains_transfer_few: invalid('A domain names at most 8 servers that copy it.', 'transferTo'),
  settings_name_grammar: invalid('The name of a setting holds a–z, 0–9 and "_".', 'name'),
  settings_pkey: conflict('The setting {} was set by someone else at the same moment.'),
  vlans_mtu_range: invalid('The MTU is not usable. Rule: 576 to 65535 octets.', 'mtu'),
  vlans_relay: reference('VLAN', 'VLANs that relay to it'),
  vlans_relay_not_self: invalid('A VLAN cannot relay to itself.', 'relayVlan'),
  vlans_primary_rack: reference('rack', 'VLANs whose primary rack it is'),
  vlans_secondary_rack: reference('rack', 'VLANs whose secondary rack it is'),
  vlans_pair_of_two: invalid(
    'A pair is two racks. Rule: a secondary rack besides another primary rack.',
    'secondaryRack',
  ),
  vlans_name_unique: conflict(
    'Its fabric has a VLAN with this name already. Rule: a fabric has each name once.',
    'name',
  ),
  vlans_vid_unique: conflict('Its fabric has a VLAN with this VID already. Rule: a fabric has each VID once.', 'vid'),
  vlans_dhcp_has_range: {
    code: 'in_use',
    text: '{}. Rule: DHCP needs a dynamic range; switch it off first, or give it another range.',
  },
  vlans_name_grammar: invalid('The VLAN’s name breaks the rule: 1–64 of letters, digits, blank and . _ / : -', 'name'),
  vlans_vid_range: invalid('The VID is out of range. Rule: 0 (untagged) to 4094 (IEEE 802.1Q).', 'vid'),
  subnets_vlan: reference('VLAN', 'subnets'),
  subnets_name_unique: conflict('A subnet with the name {} exists already.', 'name'),
  subnets_name_grammar: invalid(
    'The subnet’s name breaks the rule: 1–64 of letters, digits, blank and . _ / : -',
    'name',
  ),
  subnets_prefix_range: invalid('The subnet is too large. Rule: IPv4 /8 or longer, IPv6 /16 or longer.', 'cidr'),
  subnets_no_special_network: invalid(
    '{}. Rule: a subnet has addresses that hosts may have, outside of the special-purpose blocks (RFC 6890).',
    'cidr',
  ),
  subnets_no_overlap: conflict('The network overlaps another subnet: {}. Rule: subnets share no address.', 'cidr'),
  subnets_keep_addresses: {
    code: 'in_use',
    text: '{}. Rule: an address lies inside its subnet; move it first.',
    field: 'cidr',
  },
  subnets_gateway_in_subnet: invalid('The gateway is not an address of the subnet.', 'gateway'),
  subnets_resolvers_few: invalid('A subnet names at most 8 resolvers.', 'resolvers'),
  subnets_dhcp_options_few: invalid('A subnet has at most 32 DHCP options.', 'dhcpOptions'),
  subnets_lease_time_range: invalid('The lease time is out of range. Rule: 60 to 604800 seconds.', 'leaseTime'),
  subnets_boot_server_host: invalid('The boot server is not one host’s IPv4 address.', 'bootServer'),
  subnets_boot_file_grammar: invalid(
    'The boot file’s name has 1–127 letters, digits and . _ ~ : / ? = & % @ + , -',
    'bootFile',
  ),
  reservations_dhcp_options_few: invalid('A reservation has at most 32 DHCP options.', 'dhcpOptions'),
  machines_dhcp_options_few: invalid('A machine has at most 32 DHCP options.', 'dhcpOptions'),
  ip_ranges_subnet: reference('subnet', 'ranges'),
  ip_ranges_kind_known: invalid('The kind of range is unknown. Rule: dynamic or reserved.', 'kind'),
  ip_ranges_order: invalid('The range ends before it begins.', 'last'),
  ip_ranges_hosts: invalid('An end of the range is not one host’s address.', 'first'),
  ip_ranges_dynamic_is_ipv4: invalid('A dynamic range is IPv4: no IPv6 addresses are given out yet.', 'kind'),
  ip_ranges_comment_grammar: invalid('A comment has at most 200 characters and no control characters.', 'comment'),
  ip_ranges_no_overlap: conflict('{}. Rule: ranges share no address.', 'first'),
  ip_ranges_in_subnet: invalid('{}. Rule: a range lies inside its subnet.', 'first'),
  reservations_subnet: reference('subnet', 'reservations'),
  reservations_address_unique: conflict('The address {} is reserved already.', 'address'),
  reservations_mac_unique: conflict('This MAC address has a static lease in the subnet already.', 'mac'),
  reservations_host: invalid('The address is not one host’s address.', 'address'),
  reservations_mac_grammar: invalid('The MAC address is not one interface’s address (IEEE 802 §8.2.2).', 'mac'),
  reservations_hostname_grammar: invalid('The host name breaks the grammar of RFC 1123.', 'hostname'),
  reservations_comment_grammar: invalid('A comment has at most 200 characters and no control characters.', 'comment'),
  scripts_name_unique: conflict('A script with the name {} exists already.', 'name'),
  scripts_name_grammar: invalid('The script’s name breaks the rule of names of scripts.', 'name'),
  scripts_comment_grammar: invalid('A comment has at most 200 characters and no control characters.', 'comment'),
  scripts_purpose_grammar: invalid('The purpose of the script is unknown. Rule: commissioning or testing.', 'purpose'),
  scripts_hardware_grammar: invalid(
    'The hardware of the script is unknown. Rule: node, cpu, memory, storage or network.',
    'hardware',
  ),
  scripts_timeout_grammar: invalid('The timeout is out of range. Rule: 0 to 604800 seconds.', 'timeout'),
  scripts_tags_grammar: invalid('The script has too many tags.', 'tags'),
  scripts_parameters_grammar: invalid('The script has too many parameters.', 'parameters'),
  scripts_content_grammar: invalid(
    'The text of the script is not usable. Rule: at most 131072 bytes, and a first line such as #!/bin/sh.',
    'content',
  ),
  reservations_or_machine: conflict('{}. Rule: DHCP gives an interface one fixed address of a subnet.', 'mac'),
  interface_addresses_on_vlan: conflict('{}. Rule: the addresses of an interface lie on its VLAN.', 'subnet'),
  subnets_keep_vlan: {
    code: 'in_use',
    text: '{}. Rule: the addresses of an interface lie on its VLAN; move them first.',
    field: 'vlan',
  },
  reservations_in_subnet: invalid('{}. Rule: an address lies inside its subnet.', 'address'),
  address_claims_no_overlap: conflict(
    '{}. Rule: an address belongs to one of machine, reservation, gateway and dynamic range.',
  ),
  reported_addresses_node: reference('node', 'its addresses'),
  own_addresses_alone: conflict('{}. Rule: an address of a node, or the floating one, is nobody else’s.', 'address'),
  held_addresses_alone: conflict(
    '{}. Rule: an address is free when nobody’s system has it; `regent lease release ADDRESS` ends that now.',
    'address',
  ),
  machines_running_network: {
    code: 'conflict',
    text: '{}. Rule: a running system keeps its network; release the machine first.',
  },
  machines_running: {
    code: 'conflict',
    text: '{}. Rule: release a machine before you delete it.',
  },
  users_have_machines: {
    code: 'in_use',
    text: '{}. Rule: a machine or device that somebody took is never nobody’s; release it, or use --transfer-to USER.',
  },
  domains_name_unique: conflict('The domain {} exists already.', 'name'),
  domains_name_grammar: invalid('The domain’s name breaks the grammar of RFC 1123, or is a reverse zone.', 'name'),
  domains_no_special_name: invalid('{}. Rule: a name with a special use (RFC 6761) is no site’s own.', 'name'),
  domains_ttl_range: invalid('The TTL is out of range. Rule: 1 to 604800 seconds.', 'ttl'),
  records_domain: reference('domain', 'records'),
  records_name_grammar: invalid('The record’s name breaks the grammar of RFC 1123.', 'name'),
  records_type_known: invalid('The record type is unknown. Rule: A, AAAA, CNAME, MX, NS, SRV, SSHFP or TXT.', 'type'),
  records_data_grammar: invalid('The data does not fit the record type.', 'data'),
  records_cname_not_at_domain: conflict('A CNAME cannot stand at the domain itself. Rule: RFC 1034 §3.6.2.', 'name'),
  names_one_owner: conflict('{}. Rule: a name belongs to one of node, machine and reserved address.', 'name'),
  names_in_longest_domain: conflict(
    '{}. Rule: a name lies in the longest domain that holds it; move or delete it first.',
    'name',
  ),
  names_length: invalid('{}. Rule: a full name has at most 253 characters (RFC 1035 §3.1).', 'name'),
  records_cname_alone: conflict('{}. Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).', 'name'),
  records_cname_loop: conflict('{}. Rule: a chain of CNAMEs ends at a name that is no CNAME.', 'data'),
  names_delegated: conflict(
    '{}. Rule: at and below a name with NS records only the name servers of such records have addresses here (RFC 1034 §4.2.1).',
    'name',
  ),
  records_ttl_range: invalid('The TTL is out of range. Rule: 1 to 604800 seconds.', 'ttl'),
  records_unique: conflict('The same record exists already.'),
  machines_pkey: conflict('A machine with the id {} exists already.', 'id'),
  machines_id_grammar: invalid('A machine’s id is six of a–z and 0–9.', 'id'),
  machines_domain: reference('domain', 'machines'),
  machines_hostname_unique: conflict('A machine with this host name exists already in its domain.', 'hostname'),
  machines_hostname_grammar: invalid('The host name breaks the grammar of RFC 1123.', 'hostname'),
  interfaces_machine: reference('machine', 'interfaces'),
  interfaces_vlan: reference('VLAN', 'interfaces of machines'),
  interfaces_name_unique: conflict('The machine has an interface with this name already.', 'name'),
  interfaces_name_grammar: invalid(
    'An interface’s name is 1–15 of letters, 0–9 and, inside, "-", "_" and ".".',
    'name',
  ),
  interfaces_label_unique: conflict('The machine has an interface with this name in DNS already.', 'name'),
  interfaces_kind_known: invalid('The kind of interface is unknown. Rule: physical, bond, bridge or vlan.', 'kind'),
  interfaces_mac_grammar: invalid('The MAC address is not one interface’s address (IEEE 802 §8.2.2).', 'mac'),
  interfaces_mac_unique: conflict('Another interface has the MAC address {}.', 'mac'),
  interfaces_mtu_range: invalid('The MTU is out of range. Rule: 576 to 65535 octets.', 'mtu'),
  interfaces_settings_shape: invalid('The settings of the interface are not usable.', 'bond'),
  interface_addresses_mode_known: invalid('The mode of an address is unknown. Rule: static or auto.', 'address'),
  interface_parents_interface: reference('interface', 'interfaces below it'),
  interface_parents_parent: reference('interface', 'interfaces that stand on it'),
  interface_parents_once: conflict('The interface stands on another one twice.', 'parents'),
  interface_parents_one_machine: invalid('{}. Rule: interfaces stand on others of their machine.', 'parents'),
  interface_parents_kinds: invalid(
    '{}. Rule: a bond stands on cards; a bridge on cards, bonds and VLAN interfaces; a VLAN interface on a card, bond or bridge.',
    'parents',
  ),
  interface_links_interface: reference('interface', 'links'),
  interface_links_subnet: reference('subnet', 'interfaces of machines'),
  interface_links_mode_known: invalid('The mode of a link is unknown. Rule: dhcp or link.', 'address'),
  interface_links_gateway_has_address: invalid('A default route needs an address, and "link" has none.', 'gateway'),
  interface_links_once: conflict('The interface has such a link already.', 'address'),
  interface_addresses_interface: reference('interface', 'addresses'),
  interface_addresses_subnet: reference('subnet', 'addresses of machines'),
  interface_addresses_unique: conflict('Another interface has the address {}.', 'address'),
  interface_addresses_host: invalid('The address is not one host’s address.', 'address'),
  interface_addresses_in_subnet: invalid('{}. Rule: an address lies inside its subnet.', 'address'),
  nodes_pkey: conflict('A node with the id {} exists already.', 'id'),
  nodes_id_grammar: invalid('A node’s id is 1–63 of a–z, 0–9 and "-".', 'id'),
  nodes_name_unique: conflict('A node with the name {} exists already.', 'name'),
  nodes_name_grammar: invalid('The node’s name breaks the grammar of RFC 1123.', 'name'),
  nodes_state_known: invalid('The state of a node is joining or member.'),
  cluster_pkey: conflict('The cluster is there already.'),
  cluster_only_one: conflict('There is one cluster.'),
  cluster_is_only: conflict('There is one cluster.'),
  cluster_id_grammar: invalid('A cluster’s id is 1–63 of a–z, 0–9 and "-".', 'id'),
  cluster_virtual_router_range: invalid(
    'The number of the virtual router is out of range. Rule: 1 to 255.',
    'virtualRouter',
  ),
  join_tokens_pkey: conflict('A join token with this id exists already.'),
  join_tokens_id_grammar: invalid('A join token’s id is twelve of a–z and 0–9.'),
  join_tokens_secret_grammar: invalid('A join token’s secret is stored as SHA-256.'),
  join_tokens_key_grammar: invalid('A join token’s key is stored as SHA-256.'),
  join_tokens_has_role: invalid('A join token lets in a region node, a rack, or both.', 'isRegion'),
  join_tokens_lifetime: invalid('A join token is good for at most 15 minutes.', 'minutes'),
  join_tokens_use_is_whole: invalid('A used join token has a time and a key.'),
  certificates_pkey: conflict('A certificate with this serial number exists already.'),
  certificates_serial_grammar: invalid('A serial number is 2–40 hexadecimal digits.', 'certificate'),
  certificates_times: invalid('A certificate ends after it begins.'),
  certificates_revocation_is_whole: invalid('A revoked certificate has a time and a reason.'),
  certificates_shuts_out_revoked: invalid('Only a revoked certificate shuts its node out.'),
  commands_node: reference('node', 'commands'),
  bmc_power_bmc: reference('board controller', 'orders'),
  bmc_power_learned_grammar: invalid(
    'What was learned of the board controller is too long. Rule: at most 65536 bytes.',
  ),
  bmc_power_epoch_counts: invalid('The number of an order is below 0.'),
  bmc_reach_bmc: reference('board controller', 'nodes that reach it'),
  bmc_reach_node: reference('node', 'board controllers that it reaches'),
  machine_power_machine: reference('machine', 'states of its power'),
  machine_power_node: reference('node', 'machines whose power it saw'),
  machine_power_state_known: invalid('The state of a machine’s power is unknown. Rule: on, off, unknown or error.'),
  machine_power_failures_count: invalid('The number of failed power checks is below 0.'),
  power_looks_node: reference('node', 'checks of machines’ power'),
  power_looks_command: reference('command', 'checks of machines’ power'),
  restarts_node: reference('node', 'restarts'),
  racks_pkey: conflict('A rack with the UUID {} is registered already.', 'uuid'),
  racks_node: reference('node', 'a rack'),
  racks_node_unique: conflict('The node {} is a rack already.'),
  racks_key_unique: conflict('Another rack has the key {}.', 'publicKey'),
  racks_uuid_grammar: invalid('A rack’s UUID is 8-4-4-4-12 hexadecimal digits in lower case.', 'uuid'),
  racks_name_grammar: invalid('The rack’s name breaks the grammar of RFC 1123, or is "master".', 'name'),
  racks_state_known: invalid('The state of a rack is waiting, accepted or rejected.'),
  racks_key_grammar: invalid('A rack’s key is 32 bytes in base64url.', 'publicKey'),
  racks_accepted_is_whole: invalid(
    'An accepted rack has a node and a time of its acceptance; others have no such time.',
  ),
  rack_calls_rack: reference('rack', 'its calls'),
  machines_rack: reference('rack', 'machines'),
  restarts_service_grammar: invalid('A service’s name is 1–40 of a–z, 0–9 and "-".', 'service'),
  users_pkey: conflict('A user with the name {} exists already.', 'name'),
  users_name_unique: conflict('A user with this name exists already; capitals make no other name.', 'name'),
  users_name_grammar: invalid(
    'A user’s name is 1–150 letters, digits and . _ @ + -, starting with a letter or a digit.',
    'name',
  ),
  users_role_known: invalid('The role is unknown. Rule: admin, operator, user or auditor.', 'role'),
  api_keys_pkey: conflict('An API key with this token exists already.'),
  api_keys_user: reference('user', 'API keys'),
  api_keys_consumer_grammar: invalid('An API key’s consumer is 1–64 letters and digits.'),
  api_keys_token_grammar: invalid('An API key’s token is 1–64 letters and digits.'),
  api_keys_label_grammar: invalid('A key’s label has at most 200 characters and no control characters.', 'label'),
  api_keys_secret_hashed: invalid('A key’s secret is stored as SHA-256.'),
  ssh_keys_once: conflict('The user has this SSH key already. Rule: a user has each key once.', 'key'),
  ssh_keys_user: reference('user', 'SSH keys'),
  ssh_keys_type_known: invalid('The type of the SSH key is unknown.', 'key'),
  ssh_keys_data_grammar: invalid('The SSH key is no base64 of a key.', 'key'),
  ssh_keys_comment_grammar: invalid(
    'The comment of an SSH key has at most 256 characters and no control characters.',
    'key',
  ),
  ssh_keys_source_grammar: invalid('The source of an SSH key is lp:NAME or gh:NAME.', 'source'),
  ssh_keys_bits_range: invalid('An SSH key has 256 to 16384 bits.', 'key'),
  machine_tokens_begun_by: reference('user', 'runs of machines'),
  node_credentials_hashed: invalid('A node’s secret is stored as SHA-256.'),
  node_credentials_node_id_fkey: reference('node', 'its reports'),
  held_node_id_fkey: reference('node', 'its reports'),
  held_generation_range: invalid('The generation is out of range.', 'generation'),
  node_observations_node_id_fkey: reference('node', 'its reports'),
  observations_node_id_fkey: reference('node', 'its reports'),
  service_actions_node_id_fkey: reference('node', 'its reports'),
  findings_node_id_fkey: reference('node', 'its reports'),
  desired_node_id_fkey: reference('node', 'its reports'),
  publications_node_id_fkey: reference('node', 'its reports'),
  refusals_publication: reference('publication', 'refusals of it'),
  commits_durable: {
    code: 'unavailable',
    text: '{}. Rule: a COMMIT is acknowledged only when the standbys have it; synchronous_commit stays on.',
  },
  drill_ledger_pkey: conflict(
    'This run has written the number already. Rule: a number is written once in a run.',
    'number',
  ),
  drill_ledger_number_range: invalid('The number is out of range. Rule: 1 to 2147483647.', 'number'),
  drill_rounds_once: conflict(
    'This round of the run is stored already. Rule: a round is stored once.',
    'verdict/round',
  ),
  drill_rounds_hazard_grammar: invalid(
    'The hazard’s id breaks the rule: at most 64 of a–z and 0–9, parts joined by "-".',
    'verdict/hazard',
  ),
  drill_rounds_round_range: invalid('The round is out of range. Rule: 0 to 2147483647.', 'verdict/round'),
  drill_rounds_seed_range: invalid('The seed is out of range. Rule: 0 to 9007199254740991.', 'verdict/seed'),
  drill_rounds_verdict_size: invalid(
    'The verdict is too large. Rule: at most 256 KiB, as the database writes JSON.',
    'verdict',
  ),
  drill_rounds_timeline_size: invalid(
    'The timeline is too large. Rule: at most 2 MiB, as the database writes JSON (a blank after each comma and colon).',
    'timeline',
  ),
  versions_grow: conflict('{}: a published number never goes back.'),
};

/** The meaning of a value that the database itself cannot take: bad text for a type, NUL, too long, out of range, missing. */
const VALUE_STATES: Readonly<Record<string, string>> = {
  '22P02': 'A value does not fit its type.',
  '22P05': 'A text holds a character that cannot be stored (NUL).',
  '22021': 'A text holds a character that cannot be stored (NUL).',
  '22001': 'A text is too long.',
  '22003': 'A number is out of range.',
  '22007': 'A time is malformed.',
  '22008': 'A time is out of range.',
  '23502': 'A value is missing.',
};

/** The refusal for a database error; null if the error is not the request's fault. */
export function refusalOf(error: unknown): Rejected | null {
  const sqlError = sqlErrorOf(error);
  if (!sqlError) return null;
  const sentence = sqlError.constraint === undefined ? undefined : SENTENCES[sqlError.constraint];
  if (sentence) {
    const isMissing = sentence.missing !== undefined && / is not present in table /.test(sqlError.detail ?? '');
    const message = (isMissing ? sentence.missing : sentence.text).replace('{}', () => offending(sqlError));
    if (isMissing) return rejected('conflict', message);
    const fields = sentence.field ? [{ field: sentence.field, problem: message }] : undefined;
    return rejected(sentence.code, message, fields);
  }
  const state = VALUE_STATES[sqlError.code];
  if (state === undefined) return null;
  const column = sqlError.column;
  return rejected('invalid_value', state, column === undefined ? undefined : [{ field: column, problem: state }]);
}

/** The values of "Key (a, b)=(1, 2) already exists." and its kin; a trigger's message is its own sentence. */
function offending(error: SqlError): string {
  if (error.code === '23000') return error.message;
  if (error.code === '23P01') {
    const [, mine, other] =
      /^Key .*?\)=\((.*)\) conflicts with existing key .*?\)=\((.*)\)\.$/.exec(error.detail ?? '') ?? [];
    if (mine === undefined || other === undefined) return 'an existing one';
    return mine.startsWith('[') ? `${spanText(mine)} overlaps ${spanText(other)}` : other;
  }
  const value = /^Key \([^)]*\)=\((.*)\) (?:already exists|is not present|is still referenced)/.exec(
    error.detail ?? '',
  );
  return value?.[1] === undefined ? '' : show(value[1]).slice(1, -1);
}

/** A span as PostgreSQL writes it, `[first,last]`, as operators write it. */
function spanText(text: string): string {
  const [first, last] = text.replace(/^\[|\]$/g, '').split(',');
  return first === last ? (first ?? text) : `${first}-${last}`;
}
