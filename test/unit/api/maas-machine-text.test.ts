import { describe, expect, it } from 'vitest';
import { JsonBytes } from '../../../src/api/maas/json-bytes.ts';
import { createLook, type Look } from '../../../src/api/maas/look.ts';
import {
  type MachineParts,
  type MachineSurroundings,
  readSurroundings,
  viewMachine,
  writeMachine,
} from '../../../src/api/maas/objects/machines.ts';
import type { Site } from '../../../src/api/maas/site.ts';
import type { Machine } from '../../../src/contract/machine.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { KEPT_LAYOUTS, layOut } from '../../../src/model/deployment/kept/layouts.ts';

const DISKS = ['sda', 'sdb'].map((name) => ({ name, bytes: 64_000_000_000, serial: `serial "${name}"` }));
const VLAN = {
  id: 7,
  vid: 7,
  mtu: 9000,
  dhcpOn: true,
  name: 'seven',
  fabric: 'f',
  fabricId: 1,
  primaryRack: null,
  secondaryRack: null,
  space: 'dmz',
  spaceId: 1,
  relayVlan: 'f/other',
};
const LISTS: Readonly<Record<string, readonly unknown[]>> = {
  'vlan.list': [VLAN, { ...VLAN, id: 8, name: 'other', relayVlan: null }],
  'subnet.list': [
    {
      id: 3,
      name: 's',
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      resolvers: ['10.0.0.2'],
      dnsOn: true,
      proxyOn: true,
      managed: true,
      vlanId: 7,
    },
  ],
  'domain.list': [{ id: 1, name: 'example.com', ttl: null, isDefault: true }],
  'zone.list': [{ id: 1, name: 'default', comment: 'a "zone" \u2028' }],
  'resource-pool.list': [{ id: 1, name: 'default', comment: '' }],
};
const card = (id: number, more: object) => ({
  id,
  name: `eno${id}`,
  mac: `52:54:00:00:00:0${id}`,
  kind: 'physical',
  vlanId: null,
  addresses: [],
  ...more,
});
const MACHINE = {
  id: 'abc123',
  hostname: 'm',
  fqdn: 'm.example.com',
  domain: 'example.com',
  zone: 'default',
  pool: 'default',
  tags: ['gpu'],
  annotations: { 'a "key"': '✓' },
  state: 'deployed',
  owner: 'admin',
  deployment: { image: 'debian/trixie' },
  interfaces: [
    card(1, {}),
    card(2, {
      vlanId: 7,
      mtu: 1400,
      tags: ['fast'],
      addresses: [{ address: '10.0.0.5', subnetId: 3 }],
      links: [
        { id: 1, mode: 'static', address: '10.0.0.5', subnetId: 3, gateway: true },
        { id: 2, mode: 'dhcp', address: null, subnetId: null },
      ],
    }),
    card(3, {
      kind: 'bond',
      parents: ['eno1', 'eno2'],
      vlanId: 8,
      bond: { mode: '802.3ad', miimon: 100, downDelay: 0, upDelay: 0, gratuitousArps: 1 },
    }),
    card(4, { kind: 'bridge', parents: ['eno3'], vlanId: 99, bridge: { stp: true, forwardDelay: 15 } }),
  ],
} as unknown as Machine;
const BARE = {
  id: 'abc124',
  hostname: 'n',
  fqdn: 'n.gone',
  domain: 'gone',
  tags: [],
  interfaces: [],
} as unknown as Machine;

/** What a text may hold that JSON, UTF-8 or a careless program treats otherwise. */
const HOSTILE = '"}],\\\u0000\u001f\u007f\u2028\ud800 ✓ 𝔪 </script>';
const EVIL = {
  ...MACHINE,
  description: HOSTILE.repeat(2000),
  owner: HOSTILE,
  error: HOSTILE,
  tags: [HOSTILE],
  annotations: Object.fromEntries([
    ['__proto__', 'x'],
    [HOSTILE, HOSTILE],
  ]),
  interfaces: MACHINE.interfaces.map((one) => ({ ...one, name: HOSTILE, acceptRa: false, tags: [HOSTILE] })),
} as unknown as Machine;
const EVIL_DISKS = [{ name: HOSTILE, bytes: 64_000_000_000, serial: HOSTILE, model: HOSTILE, firmware: HOSTILE }];

/** Lists of a site without a database. */
function lookAt(): Look {
  return createLook({ all: async (id: string) => LISTS[id] ?? [] } as unknown as Site);
}

function textOf(machine: Machine, parts: MachineParts, around: MachineSurroundings): string {
  const out = new JsonBytes();
  writeMachine(out, machine, parts, around);
  return Buffer.from(out.take()).toString();
}

describe('the JSON of a machine in a list', () => {
  const layouts = KEPT_LAYOUTS.flatMap((layout) => {
    const storage = layOut({ layout }, { seen: DISKS });
    if (isRejected(storage)) throw new Error(storage.message);
    return [[layout, { inventory: { disks: DISKS, bootMac: '52:54:00:00:00:02' }, storage }] as const];
  });
  const cases: readonly (readonly [string, Machine, MachineParts])[] = [
    ['nothing told', BARE, { inventory: undefined, storage: undefined }],
    ['the usual layout', MACHINE, { inventory: { disks: DISKS }, storage: undefined }],
    ['hostile texts', EVIL, { inventory: { disks: EVIL_DISKS, system: { vendor: HOSTILE } }, storage: undefined }],
    ...layouts.map(([layout, parts]) => [`layout ${layout}`, MACHINE, parts] as const),
  ];

  it.each(cases)('is the machine as it is shown alone, each member once: %s', async (_name, machine, parts) => {
    const around = await readSurroundings(lookAt());
    const shown = JSON.stringify(viewMachine(machine, parts, around));
    expect(textOf(machine, parts, around)).toBe(shown);
    // The same behind others, over the end of what a part has room for.
    const out = new JsonBytes();
    for (let count = 0; count < 100; count += 1) writeMachine(out, machine, parts, around);
    expect(Buffer.from(out.take()).toString()).toBe(shown.repeat(100));
  });

  it('has the interface that the machine booted from', async () => {
    const around = await readSurroundings(lookAt());
    const boot = (bootMac?: string) => {
      const inventory = bootMac === undefined ? {} : { bootMac };
      return (
        JSON.parse(textOf(MACHINE, { inventory, storage: undefined }, around)) as {
          boot_interface: { name: string };
        }
      ).boot_interface.name;
    };
    expect([boot(), boot('52:54:00:00:00:02'), boot('52:54:00:00:00:99')]).toEqual(['eno1', 'eno2', 'eno1']);
  });
});
