import { describe, expect, it } from 'vitest';
import type { ExecResult, HostFacts } from '../../../../src/core/host-values.ts';
import { bootClasses, BOOT_FILES } from '../../../../src/services/dhcp/boot-classes.ts';
import {
  activateDhcp,
  checkDhcp,
  parseProbeDhcp,
  probeDhcp,
  roleChangeDhcp,
} from '../../../../src/services/dhcp/daemon.ts';
import type { DhcpDesired } from '../../../../src/services/dhcp/desired.ts';
import { OWN_PLACES } from '../../../../src/services/dhcp/places.ts';
import { limitsDhcp, tagOf, viewDhcp } from '../../../../src/services/dhcp/view.ts';
import { argvOf } from '../../../kit/argv-of.ts';
import { FACTS } from '../../../kit/snapshots.ts';

const network = (vlanId: number, nic: string, address: string): DhcpDesired['networks'][number] => ({
  vlanId,
  vlan: `vlan${vlanId}`,
  interface: nic,
  address,
  subnets: [
    { id: vlanId, cidr: '10.0.0.0/8', pools: [], resolvers: [], timeServers: [], nextServer: address, leases: [] },
  ],
});
const desired: DhcpDesired = {
  leaseTime: 600,
  domain: 'regent.internal',
  search: ['regent.internal'],
  networks: [network(1, 'eth1', '10.1.0.1'), network(2, 'eth2', '10.2.0.1')],
  boot: BOOT_FILES,
  lostVlans: [],
  lostLeases: [],
};
type Nic = HostFacts['interfaces'][number];
const factsOf = (...interfaces: Partial<Nic>[]): HostFacts => ({
  ...FACTS,
  interfaces: interfaces.map((nic) => ({ name: 'eth1', mac: '', addresses: ['10.1.0.1'], ...nic })),
});
const ETH2 = { name: 'eth2', addresses: ['10.2.0.1'] };

const OK: ExecResult = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };
const said = (value: object): ExecResult => ({ ...OK, stdout: JSON.stringify(value) });
const status = (changes: object = {}) =>
  said({
    result: 0,
    arguments: {
      'dhcp-state': { 'globally-disabled': false },
      'multi-threading-enabled': true,
      sockets: { status: 'ready' },
      ...changes,
    },
  });
const tag = (text = tagOf(desired)) => said({ result: 0, arguments: { 'server-tag': text } });
const noLease = said({ result: 3, text: '0 IPv4 lease(s) found.', arguments: { leases: [] } });
const space = (blocks: string) => ({ ...OK, stdout: `${blocks}\n` });
const judge = (...answers: ExecResult[]) => parseProbeDhcp(answers, desired);

describe('the probe of Kea', () => {
  it('asks through its socket and looks at its disk', () => {
    const [first, , , last] = probeDhcp(OWN_PLACES, desired);
    expect(first).toMatchObject({ socket: OWN_PLACES.socket, request: '{"command":"status-get"}' });
    expect(last).toMatchObject({ read: 'space', path: '/var/lib/kea' });
  });

  it.each([
    ['all is well', [status(), tag(), noLease, space('9')], true, 'serves what is published on eth1, eth2'],
    [
      'an interface without carrier',
      [
        status({ sockets: { status: 'retrying', errors: ['the interface eth2 is not running'] } }),
        tag(),
        noLease,
        space('9'),
      ],
      true,
      'for now not all: the interface eth2 is not running',
    ],
    [
      'sockets that failed for good',
      [status({ sockets: { status: 'failed', errors: ['no'] } }), tag(), noLease, space('9')],
      false,
      'sockets are failed: no',
    ],
    [
      'a reload given up half-way',
      [status({ 'multi-threading-enabled': false }), tag(), noLease, space('9')],
      false,
      'half-way',
    ],
    ['another configuration', [status(), tag('old'), noLease, space('9')], false, 'runs the configuration old'],
    ['no configuration', [status(), tag(''), noLease, space('9')], false, 'runs the configuration unknown'],
    [
      'no leases',
      [status(), tag(), said({ result: 1, text: 'no current lease manager is available' }), space('9')],
      false,
      'no current lease manager',
    ],
    ['a full disk', [status(), tag(), noLease, space('0')], false, '/var/lib/kea is full'],
    ['a disk that cannot be asked', [status(), tag(), noLease, { ...OK, code: 1 }], true, 'serves'],
    [
      'dhcp-disable',
      [status({ 'dhcp-state': { 'globally-disabled': true } }), tag(), noLease, space('9')],
      false,
      'dhcp-disable',
    ],
    [
      'nobody there',
      [{ ...OK, code: null, failure: '/s is not there' }, tag(), noLease, space('9')],
      false,
      '/s is not there',
    ],
    ['silence', [status(), { ...OK, code: null, timedOut: true }, noLease, space('9')], false, 'no answer in time'],
    ['nothing at all', [], false, 'no answer'],
  ])('%s', (_name, answers, isHealthy, words) => {
    const health = answers.length === 0 ? judge({ ...OK, code: 1 }) : judge(...answers);
    expect(health.isHealthy).toBe(isHealthy);
    expect(health.detail).toContain(words);
  });

  it('throws for what is no JSON, and the engine says so', () => {
    expect(() => judge({ ...OK, stdout: 'x' }, tag(), noLease, space('9'))).not.toThrow(TypeError);
    expect(() => judge({ ...OK, stdout: 'x' }, tag(), noLease, space('9'))).toThrow(SyntaxError);
  });
});

describe('check and activation', () => {
  it('check both files as the daemon’s user', () => {
    const files = [OWN_PLACES.check, OWN_PLACES.conf].map((target) => ({
      target,
      staged: `/s${target}`,
      isChanged: true,
    }));
    expect(checkDhcp(OWN_PLACES, files).map((command) => argvOf(command).slice(1))).toEqual([
      ['-T', `/s${OWN_PLACES.check}`],
      ['-t', `/s${OWN_PLACES.conf}`],
    ]);
  });

  it('reload for Kea’s own file alone, and only a good answer counts', () => {
    expect(activateDhcp(OWN_PLACES, [{ target: OWN_PLACES.check, kind: 'changed' }]).kind).toBe('none');
    expect(activateDhcp(OWN_PLACES, [{ target: OWN_PLACES.conf, kind: 'removed' }]).kind).toBe('none');
    expect(activateDhcp(OWN_PLACES, [{ target: OWN_PLACES.conf, kind: 'added' }])).toMatchObject({
      kind: 'command',
      commands: [
        { user: '_kea' },
        { socket: OWN_PLACES.socket, request: '{"command":"config-reload"}', expects: '"result": 0\\b' },
      ],
    });
    expect(roleChangeDhcp({ kind: 'vip', state: 'active' }).kind).toBe('none');
    expect(roleChangeDhcp({ kind: 'database', state: 'primary' }).kind).toBe('none');
  });
});

describe('interfaces of the host', () => {
  const names = (facts: HostFacts) => viewDhcp(OWN_PLACES, desired, facts).file.interfaces;
  const limits = (facts: HostFacts) => limitsDhcp(desired, facts).map((finding) => finding.sentence);

  it.each([
    ['both there', factsOf({}, ETH2), ['eth1/10.1.0.1', 'eth2/10.2.0.1'], []],
    ['one away', factsOf({}), ['eth1/10.1.0.1'], ['there is no interface eth2']],
    [
      'one without its address',
      factsOf({}, { name: 'eth2', addresses: ['10.2.0.9'] }),
      ['eth1/10.1.0.1'],
      ['eth2 does not have the address 10.2.0.1'],
    ],
    [
      'one down',
      factsOf({}, { ...ETH2, isUp: false, hasCarrier: false }),
      ['eth1/10.1.0.1', 'eth2/10.2.0.1'],
      ['eth2 is down'],
    ],
    [
      'one without carrier',
      factsOf({}, { ...ETH2, isUp: true, hasCarrier: false }),
      ['eth1/10.1.0.1', 'eth2/10.2.0.1'],
      ['eth2 has no carrier'],
    ],
    ['none', factsOf(), [], ['there is no interface eth1', 'there is no interface eth2']],
  ])('%s', (_name, facts, interfaces, why) => {
    expect(names(facts)).toEqual(interfaces);
    expect(JSON.parse(viewDhcp(OWN_PLACES, desired, facts).file.networksText)).toHaveLength(interfaces.length);
    expect(limits(facts)).toEqual(why.map((text) => expect.stringContaining(`gets no DHCP from this node: ${text}.`)));
  });

  it('make another file when they were made anew', () => {
    const file = (index: number) => JSON.stringify(viewDhcp(OWN_PLACES, desired, factsOf({ index }, ETH2)));
    expect(file(3)).not.toBe(file(4));
    expect(file(3)).toBe(file(3));
  });
});

describe('classes of network boot', () => {
  it('are three per VLAN with this node’s URL there, and three for all', () => {
    const classes = bootClasses(desired.networks, BOOT_FILES);
    expect(classes.map((item) => [item.name, item.file])).toEqual([
      ['ipxe-vlan-1', 'http://10.1.0.1:5249/ipxe.cfg'],
      ['httpboot-x64-vlan-1', 'http://10.1.0.1:5248/snponly.efi'],
      ['httpboot-arm64-vlan-1', 'http://10.1.0.1:5248/ipxe-arm64.efi'],
      ['ipxe-vlan-2', 'http://10.2.0.1:5249/ipxe.cfg'],
      ['httpboot-x64-vlan-2', 'http://10.2.0.1:5248/snponly.efi'],
      ['httpboot-arm64-vlan-2', 'http://10.2.0.1:5248/ipxe-arm64.efi'],
      ['bios', 'undionly.kpxe'],
      ['uefi-x64', 'snponly.efi'],
      ['uefi-arm64', 'ipxe-arm64.efi'],
    ]);
    expect(
      classes.every((item) => item.name.startsWith('ipxe') || item.test.includes("not (option[77].hex == 'iPXE')")),
    ).toBe(true);
  });
});
