import { describe, expect, it } from 'vitest';
import { createSiteLists, type SiteLists } from '../../../src/api/maas/site-lists.ts';
import { machineText } from '../../../src/api/maas/objects/machines/machine-text.ts';
import { type MachineParts, readSurroundings, viewMachine } from '../../../src/api/maas/objects/machines/machines.ts';
import type { Site } from '../../../src/api/maas/site.ts';
import type { Machine } from '../../../src/contract/machines/machine.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { NAMED_LAYOUTS, layOut } from '../../../src/model/machines/deployment/stored/layouts.ts';

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

/** All that a machine may tell. `speed` differs, so that what is remembered of one is not shown of another. */
const toldWith = (speed: number) => ({
  bootMac: '52:54:00:00:00:02',
  cpu: { count: 8, mhz: 2400 + speed, model: 'a "CPU"', architecture: 'aarch64' },
  memory: { kb: 16_777_216 },
  numa: [{ node: 0, cpus: '0-3', memoryKb: 1024 }],
  firmware: { kind: 'uefi' as const, vendor: 'v', version: `1.${speed}`, date: 'd' },
  system: {
    uuid: '00000000-0000-0000-0000-000000000001',
    vendor: 'v\\',
    product: `p${speed}`,
    serial: 's',
    board: 'b',
  },
  interfaces: [{ mac: '52:54:00:00:00:01', name: 'eno1', speedMbps: speed, vendor: '"', product: 'p', firmware: 'f' }],
  disks: [
    { ...EVIL_DISKS[0], name: 'nvme0n1', bytes: 5e11 + speed, blockBytes: 4096, path: '/dev/disk/by-id/x' },
    { name: 'sda', bytes: 1e12, rotational: true, bus: 'sata', removable: false },
    { name: 'sdb', bytes: 1e9, removable: true },
  ],
});

/** Lists of a site without a database. */
function lookAt(): SiteLists {
  return createSiteLists({ all: async (id: string) => LISTS[id] ?? [] } as unknown as Site);
}

describe('the JSON of a machine in a list', () => {
  const layouts = NAMED_LAYOUTS.flatMap((layout) => {
    const storage = layOut({ layout }, { seen: DISKS });
    if (isRejected(storage)) throw new Error(storage.message);
    return [[layout, { inventory: { disks: DISKS, bootMac: '52:54:00:00:00:02' }, storage }] as const];
  });
  const cases: readonly (readonly [string, Machine, MachineParts])[] = [
    ['nothing told', BARE, { inventory: undefined, storage: undefined }],
    ['the usual layout', MACHINE, { inventory: { disks: DISKS }, storage: undefined }],
    ['hostile texts', EVIL, { inventory: { disks: EVIL_DISKS, system: { vendor: HOSTILE } }, storage: undefined }],
    ...[1, 2, 3, 4, 5, 6, 1].map((speed) => {
      const state = speed === 2 ? 'failed-testing' : 'ready';
      const machine = { ...MACHINE, state, owner: null, powerType: 'ipmi', locked: speed === 3 } as unknown as Machine;
      return [`all told ${speed}`, machine, { inventory: toldWith(speed) as never, storage: undefined }] as const;
    }),
    ...layouts.map(([layout, parts]) => [`layout ${layout}`, MACHINE, parts] as const),
  ];

  it.each(cases)('is the machine as it is shown alone, each member once: %s', async (_name, machine, parts) => {
    const around = await readSurroundings(lookAt());
    expect(machineText(machine, parts, around)).toBe(JSON.stringify(viewMachine(machine, parts, around)));
  });

  it('has the interface that the machine booted from', async () => {
    const around = await readSurroundings(lookAt());
    const boot = (bootMac?: string) => {
      const inventory = bootMac === undefined ? {} : { bootMac };
      return (
        JSON.parse(machineText(MACHINE, { inventory, storage: undefined }, around)) as {
          boot_interface: { name: string };
        }
      ).boot_interface.name;
    };
    expect([boot(), boot('52:54:00:00:00:02'), boot('52:54:00:00:00:99')]).toEqual(['eno1', 'eno2', 'eno1']);
  });
});
