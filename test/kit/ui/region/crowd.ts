import { storeEvents } from '../../../../src/store/queries/base/events.ts';
import type { NewEvent } from '../../../../src/store/write.ts';
import { change, value } from '../../store.ts';
import { type Nic, uuidOf } from './agents.ts';
import type { RealSite } from './real-site.ts';

/** Rows as they are, without what the database does for each change: a crowd has to be there in a second. */
const fill = (site: RealSite, text: string) => site.admin(`set session_replication_role = replica; ${text}`);

/** As many machines as a list must bear: node1, node2, … */
export const addMachineRows = (site: RealSite, count: number) =>
  fill(
    site,
    `insert into machines (id, hostname, domain_id) select 'z' || lpad(to_hex(n), 5, '0'), 'node' || n, 1 from generate_series(1, ${count}) as n;
    insert into interfaces (machine_id, name, mac)
      select 'z' || lpad(to_hex(n), 5, '0'), 'eth0', '02:00:' || regexp_replace(lpad(to_hex(n), 8, '0'), '(..)(..)(..)(..)', '\\1:\\2:\\3:\\4') from generate_series(1, ${count}) as n;
    insert into machine_states (machine_id, state) select 'z' || lpad(to_hex(n), 5, '0'), (array['ready', 'deployed', 'new', 'broken', 'allocated'])[n % 5 + 1]
      from generate_series(1, ${count}) as n`,
  );

/** As many nodes: rack1, rack2, … */
export const addNodeRows = (site: RealSite, count: number) =>
  fill(
    site,
    `insert into nodes (id, name, is_rack, addresses) select 'rack' || n, 'rack' || n, true, array['10.78.0.0'::inet + n] from generate_series(1, ${count}) as n`,
  );

/** Events of the past: `record.created` of name1, name2, …. */
export async function addEventRows(site: RealSite, count: number): Promise<void> {
  await fill(
    site,
    // Each is a write of its own: together they would be one change.
    `set regent.operation = ''; insert into events (id, kind, subject, data, actor, revision)
      select c.event + n, 'record.created', 'name' || n, '{}', 'admin', c.revision from counters c, generate_series(1, ${count}) as n;
    update counters set event = event + ${count}`,
  );
}

/** Events that happen now. */
export const emit = (site: RealSite, ...events: readonly Pick<NewEvent, 'kind' | 'subject'>[]) =>
  change(site.region.db, async (tx) => {
    await storeEvents(
      tx,
      'admin',
      events.map((event) => ({ ...event, data: {} })),
    );
    return {};
  }).then(value);

/** Subnets, VLANs and addresses of a large site. */
const VLANS = 200;
const SUBNETS = 500;
const ADDRESSES = 1000;

/**
 * Two hundred VLANs (hall-1/vlan1, …), each served by k1 alone though k2 is on it, too; five hundred subnets from 10.100.0.0/24 on, a range in each; a thousand
 * leases, and as many reservations in 10.10.20.0/22.
 */
export async function addNetworkRows(site: RealSite): Promise<void> {
  const net = `format('10.%s.%s', 100 + (n - 1) / 250, (n - 1) % 250)`;
  await fill(
    site,
    `insert into fabrics (name) select 'hall-' || n from generate_series(1, ${VLANS / 50}) as n;
    insert into vlans (name, vid, fabric_id, dhcp_on, primary_rack_id)
      select 'vlan' || n, n, (select id from fabrics where name = 'hall-' || (1 + (n - 1) / 50)), true, '${uuidOf('k1')}' from generate_series(1, ${VLANS}) as n;
    insert into subnets (vlan_id, name, cidr)
      select (select v.id from vlans v join fabrics f on f.id = v.fabric_id where f.name like 'hall-%' and v.name = 'vlan' || (1 + (n - 1) % ${VLANS})), ${net} || '.0/24', (${net} || '.0/24')::cidr
      from generate_series(1, ${SUBNETS}) as n;
    insert into ip_ranges (subnet_id, kind, first, last)
      select s.id, 'dynamic', (${net} || '.100')::inet, (${net} || '.199')::inet from generate_series(1, ${SUBNETS}) as n join subnets s on s.name = ${net} || '.0/24';
    insert into leases (node_id, address, subnet_id, mac, hostname, state, starts_at, expires_at)
      select 'k1', '10.100.0.0'::inet + (n - 1) / 250 * 256 + 1 + (n - 1) % 250, s.id, '02:00:00:01:' || regexp_replace(lpad(to_hex(n), 4, '0'), '(..)(..)', '\\1:\\2'), 'host' || n, 'active', now(), now() + interval '1 h'
      from generate_series(1, ${ADDRESSES}) as n join subnets s on s.name = format('10.100.%s.0/24', (n - 1) / 250);
    insert into reservations (subnet_id, address, hostname)
      select s.id, '10.10.20.0'::inet + n, 'host' || n from generate_series(1, ${ADDRESSES}) as n join subnets s on s.cidr = '10.10.20.0/22'`,
  );
  const nics = (last: number): Nic[] =>
    Array.from({ length: VLANS }, (_, index) => ({
      name: `eth1.${index + 1}`,
      mac: `02:00:00:00:09:0${last}`,
      addresses: [`10.100.${index}.${last}/24`],
    }));
  site.changes = { k1: { interfaces: nics(1) }, k2: { interfaces: nics(2) } };
  await site.report();
}
