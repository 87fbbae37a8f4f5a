import { afterAll, beforeAll, expect, it } from 'vitest';
import { siteFileText } from '../../../src/cli/format/site-file.ts';
import { EXPORT_KINDS } from '../../../src/contract/export-kinds.ts';
import type { FileObject, SiteFile } from '../../../src/contract/site/export-form.ts';
import { FEATURES } from '../../../src/model/cluster/cluster.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { acceptRack, createRack } from '../../../src/store/queries/cluster/racks.ts';
import { SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { anObservation } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { siteOf } from '../../kit/site-file.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  const values = FEATURES.map((name) => `('${name}')`).join(', ');
  await pg.get().admin(`insert into features (name) values ${values} on conflict do nothing`, site.connection.database);
  for (const [index, name] of ['k1', 'k2'].entries()) {
    const uuid = `00000000-0000-4000-8000-00000000000${index}`;
    value(
      await change(site.db, async (tx) => {
        await createNode(tx, { id: name, name, isRegion: false, isRack: true, addresses: [`10.77.0.2${index}`] });
        await createRack(tx, { uuid, name, publicKey: `${name}${'A'.repeat(41)}`, nodeId: name });
        return acceptRack(tx, { key: uuid }, { nodeId: name, name });
      }),
    );
    // It stands on the VLAN `web`.
    const card = { name: 'eth0', mac: `02:00:00:00:00:0${index}`, addresses: [`10.30.0.${index + 3}/24`], isUp: true };
    const observation = anObservation(name, { services: [] });
    const facts = { ...observation.facts, hostname: name, interfaces: [{ ...card, hasCarrier: true }] };
    value(await site.db.repeatable((tx) => storeObservation(tx, { id: name, name }, { ...observation, facts })));
  }
});
afterAll(() => site.close());

/** What is special about kinds: every kind of interface and address, pairs, relays, texts as they were written. */
const RICH = `
settings:
  - {name: upstream_dns, value: [192.0.2.53, "2001:db8::53"]}
  - {name: ntp_servers, value: [ntp.example.net]}
domains:
  - {name: rich.test, leaseNames: false}
  - {name: corp.example.net, authoritative: false, forwardTo: ["192.0.2.53:5353"]}
records:
  - {fqdn: mail.rich.test, type: A, data: 192.0.2.25}
  - {fqdn: rich.test, type: MX, data: 10 mail}
  - {fqdn: www.rich.test, type: CNAME, data: mail}
  - {fqdn: rich.test, type: TXT, data: v=spf1 -all, ttl: 60}
fabrics: [{name: hall}]
vlans:
  - {fabric: hall, name: native, vid: 0, mtu: 9000}
  - {fabric: hall, name: web, vid: 20, dhcpOn: true, primaryRack: k1, secondaryRack: k2, enlistOn: false}
  - {fabric: hall, name: far, vid: 21, relayVlan: hall/web}
subnets:
  - {cidr: 10.30.0.0/24, vlan: hall/web, gateway: 10.30.0.1, resolvers: [192.0.2.53], leaseTime: 900, dhcpOptions: [log-servers=192.0.2.14]}
  - {cidr: "2001:db8:30::/64", vlan: hall/web}
  - {cidr: 10.31.0.0/24, vlan: hall/native, managed: false}
ranges:
  - {first: 10.30.0.100, last: 10.30.0.199, kind: dynamic}
  - {first: 10.30.0.2, last: 10.30.0.9, kind: reserved, comment: switches}
reservations:
  - {address: 10.30.0.20}
machines:
  - hostname: bonded
    domain: rich.test
    rack: k1
    description: two cards
    dhcpOptions: [log-servers=192.0.2.15]
    interfaces:
      - {name: bond0, kind: bond, mac: "52:54:00:00:01:01", parents: [eth0, eth1], mtu: 9000, vlan: hall/native, bond: {mode: 802.3ad, lacpRate: fast}, addresses: [{address: 10.31.0.5}]}
      - {name: eth0, mac: "52:54:00:00:01:01", vlan: hall/native, mtu: 9000, tags: [left]}
      - {name: eth1, mac: "52:54:00:00:01:02", vlan: hall/native, mtu: 9000}
      - {name: bond0.20, kind: vlan, vlan: hall/web, parents: [bond0], addresses: [{address: 10.30.0.40, gateway: true}, {address: "2001:db8:30::40"}]}
  - hostname: bridged
    domain: rich.test
    interfaces:
      - {name: br0, kind: bridge, parents: [eth0], bridge: {stp: true, forwardDelay: 4}, addresses: [{address: 10.30.0.41}]}
      - {name: eth0, mac: "52:54:00:00:01:03"}
  - hostname: chosen
    domain: rich.test
    interfaces: [{mac: "52:54:00:00:01:04", addresses: [{address: auto, subnet: 10.30.0.0/24}]}]
  - hostname: asked
    domain: rich.test
    interfaces: [{mac: "52:54:00:00:01:05", addresses: [{address: dhcp, subnet: 10.30.0.0/24}]}]
devices:
  - {hostname: part, domain: rich.test, parent: bonded.rich.test, interfaces: [{mac: "52:54:00:00:01:09"}]}
scripts:
  - name: burn
    parameters: {runtime: {type: runtime, required: false}}
    content: "#!/bin/sh\\n# burns\\n\\nexit 0\\n"
contacts:
  - {name: Night, phone: 030/1, rack: k1}
notifications:
  - {message: "Load is {load}", context: {load: 7}, users: true}
annotations:
  - {of: vlan, object: hall/web, texts: {description: web}}
  - {of: site, object: site, texts: {note: mine}}
`;

const apply = async (content: SiteFile, more: object = {}) => {
  const answer = await site.call('POST', '/config/apply', { body: { site: content, ...more } });
  expect(answer.status, answer.raw.slice(0, 3000)).toBe(200);
  return answer.body;
};
const exported = async () => ((await site.call('GET', '/config/export')).body as unknown as { site: SiteFile }).site;
const NOTHING = { created: 0, changed: 0, deleted: 0, changes: [] };

it('makes a round trip of what is special about kinds', { timeout: 120_000 }, async () => {
  await apply(siteOf(RICH));
  const before = await exported();
  expect(await apply(before)).toMatchObject(NOTHING);
  expect(await apply(siteOf(RICH))).toMatchObject(NOTHING);

  const wiped = await apply(rest(before), { prune: EXPORT_KINDS.map(({ plural }) => plural) });
  expect(wiped['deleted']).toBeGreaterThan(20);
  expect((await exported())['machines']).toEqual([]);
  await apply(siteOf(siteFileText(before)));

  expect(siteFileText(await exported())).toBe(siteFileText(before));
  const { vlans } = (await exported()) as unknown as { vlans: FileObject[] };
  expect(vlans.find(({ name }) => name === 'web')).toMatchObject({
    dhcpOn: true,
    primaryRack: 'k1',
    secondaryRack: 'k2',
  });
  expect(vlans.find(({ name }) => name === 'far')).toMatchObject({ relayVlan: 'hall/web' });
});

/** What a site always has. */
function rest(content: SiteFile): SiteFile {
  return {
    users: content['users'],
    domains: (content['domains'] as FileObject[]).filter(({ name }) => name === 'regent.internal'),
    fabrics: [{ name: 'fabric-1' }],
  } as SiteFile;
}
