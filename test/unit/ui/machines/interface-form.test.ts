import { describe, expect, it } from 'vitest';
import * as site from '../../../../src/model/machines/interfaces/settings.ts';
import { INTERFACE_KINDS } from '../../../../src/model/machines/machine.ts';
import { INTERFACE } from '../../../../src/cli/commands/machines/interface.ts';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { BOOT_MEDIA as MEDIA } from '../../../../src/model/images/boot-media.ts';
import { BOOT_MEDIA, machineBody, machineOptions } from '../../../../src/ui/models/machines/machine-form.ts';
import { NAMED_LAYOUTS } from '../../../../src/model/machines/deployment/stored/layouts.ts';
import { isLaid, LAYOUTS, layOutOf, layOutOptions } from '../../../../src/ui/models/machines/storage-form.ts';
import { jsonOr, otherThan } from '../../../../src/ui/models/base/typed.ts';
import {
  addressOf,
  BOND_MODES,
  changedOf,
  HASH_POLICIES,
  interfaceBody,
  interfaceOptions,
  isApplicable,
  KINDS,
  LACP_RATES,
  type Nic,
  valuesOf,
} from '../../../../src/ui/models/machines/interface-form.ts';
import { addressLines } from '../../../../src/ui/models/base/nouns/cards.ts';

const bond: Nic = {
  id: 7,
  name: 'bond0',
  mac: '52:54:00:00:00:07',
  kind: 'bond',
  vlan: 'lab/vlan10',
  addresses: [],
  links: [
    { id: 1, mode: 'static', address: '10.10.10.20', subnet: '10.10.10.0/24', subnetId: 1, gateway: true },
    { id: 2, mode: 'dhcp', address: null, subnet: '10.10.20.0/24', subnetId: 2, gateway: false },
  ],
  bond: { mode: 'active-backup', miimon: 100, downDelay: 0, upDelay: 0, gratuitousArps: 1 },
};
const fresh = valuesOf(null);
const made = (typed: Record<string, string>) => changedOf({ ...fresh, ...typed }, fresh);
const set = (typed: Record<string, string>) => changedOf({ ...valuesOf(bond), ...typed }, valuesOf(bond));

describe('the form of an interface', () => {
  it('offers what the site knows', () => {
    expect([...KINDS].sort()).toEqual([...INTERFACE_KINDS].sort());
    expect([...BOND_MODES].sort()).toEqual([...site.BOND_MODES].sort());
    expect([LACP_RATES, HASH_POLICIES]).toEqual([site.LACP_RATES, site.HASH_POLICIES]);
    for (const mode of BOND_MODES) {
      const { hasLacp, hasHash } = site.usesOf(mode);
      const values = { kind: 'bond', 'bond/mode': mode };
      expect([mode, isApplicable('bond/lacpRate', values)]).toEqual([mode, hasLacp]);
      expect([mode, isApplicable('bond/hashPolicy', values)]).toEqual([mode, hasHash]);
    }
  });

  it('has an option of the command line for each setting', () => {
    const flags = INTERFACE.commands.flatMap(({ options = [] }) =>
      options.map(({ flags: text }) => text.split(' ')[0]),
    );
    const typed = Object.fromEntries(Object.keys(fresh).map((name) => [name, '5']));
    for (const kind of ['bond', 'bridge'])
      for (const mode of ['802.3ad', 'active-backup']) {
        const line = interfaceOptions(changedOf({ ...typed, kind, 'bond/mode': mode }, fresh));
        for (const option of line.match(/--[a-z-]+/g) ?? []) expect(flags).toContain(option);
      }
  });

  it('makes a bond with its settings; what its kind or mode has not is not sent', () => {
    const typed = { kind: 'bond', parents: 'eth0, eth1', 'bond/mode': '802.3ad', 'bond/lacpRate': 'fast' };
    const values = made({ ...typed, 'bond/miimon': '50', 'bridge/stp': 'on' });
    expect(interfaceBody(values)).toEqual({
      parents: ['eth0', 'eth1'],
      bond: { mode: '802.3ad', lacpRate: 'fast', miimon: 50 },
    });
    expect(interfaceOptions(values)).toBe(' --parents eth0,eth1 --bond-mode 802.3ad --lacp-rate fast --miimon 50');
    expect(interfaceBody(made({ ...typed, 'bond/mode': 'broadcast' }))).toMatchObject({ bond: { mode: 'broadcast' } });
    expect(interfaceBody(made({ kind: 'physical', 'bond/miimon': '50' }))).toEqual({});
  });

  it('makes a bridge, and changes of a bond what is other than before', () => {
    const bridge = made({ kind: 'bridge', 'bridge/stp': 'on', 'bridge/forwardDelay': '4' });
    expect(interfaceBody(bridge)).toEqual({ bridge: { stp: true, forwardDelay: 4 } });
    expect(interfaceOptions(bridge)).toBe(' --stp on --forward-delay 4');
    expect(interfaceBody(set({ 'bond/upDelay': '200', 'bond/miimon': 'often' }))).toEqual({
      bond: { upDelay: 200, miimon: 'often' },
    });
    expect(interfaceBody(set({}))).toEqual({});
  });

  it('says what was emptied, by CLI, too', () => {
    const emptied = set({ vlan: '', addresses: '' });
    expect(interfaceBody(emptied)).toEqual({ vlan: null, addresses: [] });
    expect(interfaceOptions(emptied)).toBe(' --vlan none --address none');
  });

  it('keeps subnets and the default route of addresses', () => {
    expect(addressLines(bond)).toEqual(['10.10.10.20,gateway', 'dhcp,subnet=10.10.20.0/24']);
    expect(addressLines(bond).map(addressOf)).toEqual([
      { address: '10.10.10.20', gateway: true },
      { address: 'dhcp', subnet: '10.10.20.0/24' },
    ]);
    expect(addressOf('10.0.0.1, 10.0.0.2')).toEqual({ address: '10.0.0.1, 10.0.0.2' });
    expect(interfaceOptions(set({ addresses: 'auto, gateway' }))).toBe(' --address auto,gateway');
  });
});

describe('the form of a machine', () => {
  it('sends what is other than before, and says what was emptied', () => {
    const before = { hostname: 'm1', rack: 'k1', bmc: 'bmc1', tags: 'a', dhcpOptions: 'x=1', bootMedia: 'http' };
    const emptied = otherThan(
      { hostname: 'm1', rack: '', bmc: '', tags: '', dhcpOptions: '', bootMedia: 'iscsi' },
      before,
    );
    expect(machineBody(emptied)).toEqual({ rack: null, bmc: null, tags: [], dhcpOptions: [], bootMedia: 'iscsi' });
    expect(machineOptions(emptied)).toBe(' --rack master --boot-media iscsi --bmc none --tags none --dhcp-option none');
    expect([...BOOT_MEDIA]).toEqual([...MEDIA]);
    const own = { 'powerParameters/power_id': 'm1', 'powerParameters/node_id': '1' };
    const gone = { 'powerParameters/power_id': '', 'powerParameters/node_id': '1' };
    expect(machineBody(otherThan(gone, own), gone)).toEqual({ powerParameters: { node_id: '1' } });
    expect(machineOptions(otherThan(gone, own), gone)).toBe(' --power-parameter node_id=1');
    const none = { 'powerParameters/power_id': '' };
    expect(machineBody(otherThan(none, own), none)).toEqual({ powerParameters: {} });
    expect(machineOptions(otherThan(none, own), none)).toBe(' --power-parameter none');
  });

  it('makes a machine with all its cards, and has no secret on the command line', () => {
    const typed = otherThan(
      {
        interfaces: '52:54:00:00:00:01, 52:54:00:00:00:02',
        tags: 'a, b',
        'powerParameters/power_id': 'm1',
        'powerParameters/node_id': '',
        'powerParameters/power_pass': 'secret',
        zone: '',
      },
      {},
    );
    expect(machineBody(typed)).toEqual({
      interfaces: [{ mac: '52:54:00:00:00:01' }, { mac: '52:54:00:00:00:02' }],
      tags: ['a', 'b'],
      powerParameters: { power_id: 'm1', power_pass: 'secret' },
    });
    const line = machineOptions({ ...typed, dhcpOptions: 'x=1', rack: 'k1' });
    expect(line).toBe(
      ' --mac 52:54:00:00:00:01 --nic mac=52:54:00:00:00:02 --rack k1 --tags a,b --dhcp-option x=1 --power-parameter power_id=m1 --power-parameter power_pass=VALUE',
    );
    const flags = NOUNS.find(({ noun }) => noun === 'machine')?.commands.find(({ verb }) => verb === 'create')?.options;
    const known = (flags ?? []).map((option) => option.flags.split(' ')[0]);
    for (const option of line.match(/--[a-z-]+/g) ?? []) expect(known).toContain(option);
  });
});

describe('the form of a layout', () => {
  const typed = {
    'changes/0/layout': 'lvm',
    'changes/0/root': 'sdb',
    'changes/0/bootBytes': '1024',
    'changes/0/volumeBytes': 'much',
  };

  it('has sizes in MiB, and of LVM what LVM alone has', () => {
    expect([...LAYOUTS].sort()).toEqual([...NAMED_LAYOUTS].sort());
    expect(layOutOf(typed)).toEqual({
      do: 'lay-out',
      layout: 'lvm',
      root: 'sdb',
      bootBytes: 2 ** 30,
      volumeBytes: 'much',
    });
    expect(layOutOptions(typed)).toBe(' --layout lvm --root sdb --boot 1024 --volume-size much');
    const flat = { ...typed, 'changes/0/layout': 'flat' };
    expect(isLaid('group', flat)).toBe(false);
    expect(layOutOptions(flat)).toBe(' --layout flat --root sdb --boot 1024');
    expect(layOutOptions({})).toBe(' --layout LAYOUT');
  });

  it('sends a list of changes as it is', () => {
    expect(jsonOr('[{"do":"boot-from","device":"sdb"}]')).toEqual([{ do: 'boot-from', device: 'sdb' }]);
    expect(jsonOr('[{')).toBe('[{');
  });
});
