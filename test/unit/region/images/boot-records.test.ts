import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { BootRecord } from '../../../../src/boot/record.ts';
import type { Machine } from '../../../../src/model/machines/machine.ts';
import { MACHINE_STATES } from '../../../../src/model/machines/machine-states.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { bootRecords } from '../../../../src/region/images/boot-records.ts';
import { aRack, aSubnet, aVlan, clusterSnapshot } from '../../../kit/snapshots.ts';
import type { MachineStage } from '../../../../src/model/machines/stage.ts';
import type { DefaultImage } from '../../../../src/model/images/image.ts';

const DIGEST = 'ab'.repeat(32);
const IMAGE: DefaultImage = {
  digest: DIGEST,
  name: 'micro/6.12',
  architecture: 'amd64',
  files: ['initrd.img', 'vmlinuz'].map((name) => ({ name, sha256: DIGEST })),
};

const aMachine = (id: string, vlanId: number | null, mac: string): Machine => ({
  id,
  hostname: id,
  domainId: 1,
  interfaces: [{ id: 1, name: 'eth0', mac, kind: 'physical', vlanId, addresses: [] }],
});
const stage = (state: MachineStage['state'], changes: Partial<MachineStage> = {}): MachineStage => ({
  machineId: 'm10000',
  state,
  before: null,
  until: null,
  uuid: null,
  staysOn: false,
  isEnlisting: false,
  ...changes,
});

/** k1 is the primary rack of VLAN 1 alone; k2 its secondary one, and the primary one of VLAN 2. k3 serves nothing. */
function site(changes: Partial<Snapshot> = {}): Snapshot {
  const cluster = clusterSnapshot();
  const [k1, k2] = [aRack(1, 'n-k1', true), aRack(2, 'n-k2')];
  const stands = (nodeId: string, vlanId: number, host: number) => ({
    nodeId,
    vlanId,
    interface: `eth${vlanId}`,
    addresses: [`10.${vlanId}0.0.${host}/24`],
  });
  return {
    ...cluster,
    racks: [k1, k2, aRack(3, 'n-r1')],
    vlans: [
      aVlan(1, 10, { dhcpOn: true, primaryRackId: k1.uuid, secondaryRackId: k2.uuid }),
      aVlan(2, 20, { dhcpOn: true, primaryRackId: k2.uuid }),
    ],
    subnets: [aSubnet(1, 'one', '10.10.0.0/24'), aSubnet(2, 'two', '10.20.0.0/24', { vlanId: 2 })],
    attachments: [stands('n-k1', 1, 1), stands('n-k2', 1, 2), stands('n-k2', 2, 2)],
    machines: [
      aMachine('m10000', 1, '52:54:00:00:00:10'),
      aMachine('m20000', 2, '52:54:00:00:00:20'),
      aMachine('m30000', null, '52:54:00:00:00:30'),
    ],
    defaultImages: [IMAGE],
    ...changes,
  };
}

const names = (snapshot: Snapshot, node: string) =>
  bootRecords(snapshot)
    .get(node)
    ?.map(({ machine }) => machine);
const recordIn = (state: MachineStage['state'], changes: Partial<MachineStage> = {}, more: Partial<Snapshot> = {}) =>
  bootRecords(site({ machineStages: [stage(state, changes)], ...more })).get('n-k1')?.[0];

describe('boot records', () => {
  it('have the options of the site, then those of the machine, for whatever it boots', () => {
    const more = { settings: { ...clusterSnapshot().settings, kernel_opts: 'quiet panic=5' } };
    for (const state of ['commissioning', 'testing', 'deploying', 'rescue-mode', 'disk-erasing'] as const) {
      const record = recordIn(state, { kernelOptions: 'iommu=pt nomodeset' }, more);
      expect(record?.boots?.[0]?.options, state).toEqual(['quiet', 'panic=5', 'iommu=pt', 'nomodeset']);
      expect(recordIn(state)?.boots?.[0], state).not.toHaveProperty('options');
    }
  });

  it('go to both racks of a VLAN, and to no rack of another one; a machine whose VLAN nobody knows goes to all', () => {
    expect(names(site(), 'n-k1')).toEqual(['m10000', 'm30000']);
    expect(names(site(), 'n-k2')).toEqual(['m10000', 'm20000', 'm30000']);
    expect(names(site(), 'n-r1')).toBeUndefined();
  });

  it('have a plan while the machine runs our system, and its deadline', () => {
    const record = recordIn('commissioning', { until: 1_790_000_000, uuid: '564d1a2b-0000-4000-8000-525400aa0001' });
    expect(record).toMatchObject({
      hostname: 'm10000',
      macs: ['52:54:00:00:00:10'],
      state: 'commissioning',
      until: 1_790_000_000,
      uuid: '564d1a2b-0000-4000-8000-525400aa0001',
    });
    expect(record?.boots?.[0]).toMatchObject({
      image: { kernel: `images/${DIGEST}/vmlinuz`, initrd: `images/${DIGEST}/initrd.img` },
      metadata: 'MAAS/metadata/inventory/m10000',
      credentials: 'MAAS/metadata/latest/by-id/m10000/?op=get_preseed',
    });
  });

  it('have their root by iSCSI where the machine is to boot so, but not a system that is deployed in memory', () => {
    const files = ['initrd.img', 'iscsi.img', 'root.squashfs', 'vmlinuz'].map((name) => ({ name, sha256: DIGEST }));
    const more = { defaultImages: [{ ...IMAGE, files }] };
    const by = (state: MachineStage['state'], changes: Partial<MachineStage>) =>
      recordIn(state, changes, more)?.boots?.[0]?.iscsi;
    expect(by('commissioning', { bootMedia: 'iscsi' })).toMatchObject({
      port: 3260,
      initrd: `images/${DIGEST}/iscsi.img`,
    });
    expect(by('deploying', { bootMedia: 'iscsi' })).toBeDefined();
    expect(by('deploying', { bootMedia: 'iscsi', isEphemeral: true })).toBeUndefined();
    expect(by('commissioning', { bootMedia: 'http' })).toBeUndefined();
    expect(by('commissioning', {})).toBeUndefined();
  });

  it('have none without a default image', () => {
    expect(recordIn('commissioning', {}, { defaultImages: [] })).not.toHaveProperty('boots');
  });

  it('have no plan for machines at rest, and none for a deployed one', () => {
    for (const state of ['new', 'ready', 'broken', 'deployed', 'failed-commissioning'] as const)
      expect(recordIn(state), state).not.toHaveProperty('boots');
  });

  it('let a machine with a system boot it, whatever it failed in', () => {
    expect(recordIn('failed-testing', { before: 'deployed' })?.idle).toBe('local');
    expect(recordIn('failed-testing', { before: 'ready' })?.idle).toBeUndefined();
  });

  it('send a machine that is installed to its disk, and one in memory to its image each time', () => {
    expect(recordIn('deploying')?.boots?.[0]?.parameters).toContain('regent.end=reboot');
    const installed = recordIn('deploying', { isInstalled: true });
    expect([installed?.idle, installed?.boots]).toEqual(['local', undefined]);
    // Its system may be mended from inside.
    expect(recordIn('failed-deployment', { isInstalled: true })?.idle).toBe('local');
    for (const state of ['deploying', 'deployed'] as const)
      expect(recordIn(state, { isEphemeral: true })?.boots?.[0]?.parameters, state).toContain('regent.end=wait');
    expect(recordIn('deployed', { isEphemeral: true })?.idle).toBe('off');
    // Whatever is on its disk is not its own.
    expect(recordIn('failed-testing', { before: 'deployed', isEphemeral: true })?.idle).toBeUndefined();
  });

  it('know of no system on the disks of a machine that was given back', () => {
    for (const state of ['ready', 'releasing', 'disk-erasing', 'failed-disk-erasing', 'allocated'] as const)
      expect(recordIn(state, { before: 'deployed', isInstalled: true }), state).not.toHaveProperty('idle');
    expect(recordIn('disk-erasing')?.boots?.[0]?.parameters).toContain('regent.end=off');
  });

  it('are taken by racks in each state', () => {
    const check = Compile(BootRecord);
    for (const state of MACHINE_STATES) expect(check.Check(recordIn(state)), state).toBe(true);
  });

  it('are equal for equal sites, in whatever order their machines come', () => {
    const { machines } = site();
    expect(bootRecords(site({ machines: machines.toReversed() }))).toEqual(bootRecords(site()));
  });

  it('leave out a machine that is being enlisted: a region answers for it', () => {
    expect(recordIn('new', { isEnlisting: true })?.machine).not.toBe('m10000');
  });

  it('leave out a machine that is missing: where it boots, a region enlists it anew', () => {
    expect(recordIn('missing')?.machine).not.toBe('m10000');
  });

  it('leave out a machine without an interface', () => {
    expect(
      names(site({ machines: [{ ...aMachine('m10000', 1, '52:54:00:00:00:10'), interfaces: [] }] }), 'n-k1'),
    ).toBeUndefined();
  });
});

describe('what stands on cards', () => {
  const card = (name: string, end: string, vlanId: number | null) => ({
    id: 1,
    name,
    mac: `52:54:00:00:01:${end}`,
    kind: 'physical' as const,
    vlanId,
    addresses: [],
  });
  const on = (kind: 'bond' | 'bridge' | 'vlan', name: string, parents: string[], vlanId: number) => ({
    ...card(name, '01', vlanId),
    kind,
    parents,
  });
  const machine = (interfaces: Machine['interfaces']): Machine => ({
    id: 'm40000',
    hostname: 'm4',
    domainId: 1,
    interfaces,
  });

  it('boots nothing: records have the MAC addresses of cards, and go where the cards are', () => {
    const own = { ...on('bridge', 'br0', ['bond0'], 1), mac: '52:54:00:00:01:ff' };
    const bonded = machine([
      own,
      on('bond', 'bond0', ['eth0', 'eth1'], 1),
      card('eth0', '01', 1),
      card('eth1', '02', null),
      on('vlan', 'bond0-20', ['bond0'], 2),
    ]);
    const records = bootRecords(site({ machines: [bonded] }));
    const first = records.get('n-k1');
    expect(first?.map(({ macs }) => macs)).toEqual([['52:54:00:00:01:01', '52:54:00:00:01:02']]);
    // Only the VLAN interface is on the VLAN that k2 alone serves.
    const elsewhere = machine([card('eth0', '01', 1), on('vlan', 'eth0-20', ['eth0'], 2)]);
    const only = { racks: site().racks, machines: [elsewhere] };
    const vlans = site().vlans.map((vlan) => (vlan.id === 1 ? { ...vlan, secondaryRackId: null } : vlan));
    expect(bootRecords(site({ ...only, vlans })).get('n-k2')).toBeUndefined();
    expect(bootRecords(site({ ...only, vlans })).get('n-k1')).toHaveLength(1);
  });
});
