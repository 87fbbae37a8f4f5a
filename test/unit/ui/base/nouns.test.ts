import { describe, expect, it } from 'vitest';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { NOUN_TABLE } from '../../../../src/ui/models/base/nouns/noun-table.ts';
import {
  bodyOf,
  fieldsOf,
  fieldText,
  type FormNoun,
  flagOf,
  memberLabel,
  nounCli,
  refOf,
} from '../../../../src/ui/models/base/nouns/nouns.ts';

const ALL = Object.keys(NOUN_TABLE) as FormNoun[];
const VERBS = ['create', 'set'] as const;

describe('the form of a noun', () => {
  it.each(ALL.flatMap((noun) => VERBS.map((verb) => ({ noun, verb }))))(
    'has for each member of $noun $verb an option of the command line',
    ({ noun, verb }) => {
      const command = NOUNS.find((known) => known.noun === noun)?.commands.find((known) => known.verb === verb);
      const flags = (command?.options ?? []).map(({ flags: text }) => text.split(' ')[0]);
      const args =
        verb === 'create' ? (command?.args ?? []).flatMap(({ name }) => name.replace(/[<>]/g, '').split('|')) : [];
      const missing = fieldsOf(noun, verb).filter(
        ({ name }) => !flags.includes(`--${flagOf(name)}`) && !args.includes(name),
      );
      expect(missing.map(({ name }) => name)).toEqual([]);
    },
  );

  it('sends what is other than before; what was emptied is nothing, or empty', () => {
    const fields = fieldsOf('subnet', 'set');
    const before = { name: 'a', gateway: '192.0.2.1', resolvers: ['192.0.2.53'], dnsOn: true, leaseTime: 600 };
    const values = { name: 'a', gateway: '', resolvers: '', dnsOn: 'off', leaseTime: '' };
    expect(bodyOf(fields, values, before)).toEqual({ gateway: null, resolvers: [], dnsOn: false, leaseTime: null });
    expect(nounCli('subnet', '192.0.2.0/24', bodyOf(fields, values, before))).toBe(
      'regent subnet set 192.0.2.0/24 --gateway none --resolver none --dns off --lease-time default',
    );
  });

  it('sends what cannot be read as it is: the site refuses it beside its field', () => {
    const [vlan, script] = [fieldsOf('vlan', 'create'), fieldsOf('script', 'create')];
    expect(bodyOf(vlan, { vid: 'ten' }, null)).toEqual({ vid: 'ten' });
    expect(bodyOf(script, { parameters: '{' }, null)).toEqual({ parameters: '{' });
    expect(bodyOf(script, { parameters: '{"a":1}', timeout: '9' }, null)).toEqual({ parameters: { a: 1 }, timeout: 9 });
  });

  it('has no secret on the command line, and quotes what a shell would take apart', () => {
    expect(nounCli('tsig-key', null, { name: 'a', secret: 'c2VjcmV0' })).toBe('regent tsig-key create a --secret -');
    expect(nounCli('script', null, { name: 'x', content: '#!/bin/sh', tags: ['a', 'b'] })).toBe(
      'regent script create x --content @FILE --tags a,b',
    );
    expect(nounCli('tag', 'it', { comment: "it's; rm" })).toBe(String.raw`regent tag set it --comment 'it'\''s; rm'`);
    expect(nounCli('zone', null, {})).toBe('regent zone create NAME');
    expect(nounCli('vlan', null, { vid: 5 })).toBe('regent vlan create --vid 5');
  });

  it('has the interfaces of a device, one a line, as the command line takes them', () => {
    const fields = fieldsOf('device', 'set').filter(({ name }) => name === 'interfaces');
    const [field] = fields;
    const address = { address: '10.10.10.9', subnet: '10.10.10.0/24', subnetId: 1 };
    const card = { id: 7, name: 'eth0', mac: '52:54:00:00:00:09', kind: 'physical', vlan: null, addresses: [address] };
    const before = { interfaces: [card] };
    if (field === undefined) throw new Error('a device has no interfaces');
    const text = fieldText(field, before);
    expect(text).toBe('mac=52:54:00:00:00:09,name=eth0,address=10.10.10.9');
    expect(bodyOf(fields, { interfaces: text }, before)).toEqual({});
    const typed = {
      interfaces: `${text}\nmac=52:54:00:00:00:10, address=auto, subnet=10.10.10.0/24, vlan=lab/vlan10\nwhat`,
    };
    const body = bodyOf(fields, typed, before);
    expect(body['interfaces']).toEqual([
      { mac: '52:54:00:00:00:09', name: 'eth0', addresses: [{ address: '10.10.10.9' }] },
      { mac: '52:54:00:00:00:10', vlan: 'lab/vlan10', addresses: [{ address: 'auto', subnet: '10.10.10.0/24' }] },
      'what',
    ]);
    expect(nounCli('device', 'printer1', body)).toBe(
      'regent device set printer1 --nic mac=52:54:00:00:00:09,name=eth0,address=10.10.10.9 ' +
        '--nic mac=52:54:00:00:00:10,vlan=lab/vlan10,address=auto,subnet=10.10.10.0/24 --nic what',
    );
  });

  it('says by CLI what has a word of its own there', () => {
    const body = { name: 'com', ttl: null, transferTo: [], transferKey: 'partner', force: true };
    expect(nounCli('domain', 'lab.test', body)).toBe(
      'regent domain set lab.test --name com --ttl default --transfer-to none --transfer-key partner --force',
    );
    expect(nounCli('domain', 'lab.test', { transferTo: ['192.0.2.5', '192.0.2.6'], force: false })).toBe(
      'regent domain set lab.test --transfer-to 192.0.2.5,192.0.2.6',
    );
    expect(
      nounCli('reservation', null, { address: '10.0.0.9', mac: '02:00:00:00:00:09', dhcpOptions: ['42:ip=x'] }),
    ).toBe('regent reservation create 10.0.0.9 --mac 02:00:00:00:00:09 --dhcp-option 42:ip=x');
    expect(nounCli('device', 'printer1', { tags: [] })).toBe('regent device set printer1 --tags none');
  });

  it('has words for people', () => {
    expect(['kernelOptions', 'dnsOn', 'relayVlan', 'mtu', 'dhcpOptions'].map(memberLabel)).toEqual([
      'Kernel options',
      'DNS on',
      'Relay VLAN',
      'MTU',
      'DHCP options',
    ]);
    expect(refOf('vlan', { fabric: 'lab', name: 'web' })).toBe('lab/web');
    expect(refOf('subnet', { name: 'x', cidr: '192.0.2.0/24' })).toBe('192.0.2.0/24');
  });
});
