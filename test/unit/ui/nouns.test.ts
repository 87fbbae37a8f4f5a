import { describe, expect, it } from 'vitest';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { NOUN_TABLE } from '../../../src/ui/models/nouns/noun-table.ts';
import {
  bodyOf,
  fieldsOf,
  type FormNoun,
  flagOf,
  memberWord,
  nounCli,
  refOf,
} from '../../../src/ui/models/nouns/nouns.ts';

const ALL = Object.keys(NOUN_TABLE) as FormNoun[];
const VERBS = ['create', 'set'] as const;

describe('the form of a noun', () => {
  it.each(ALL.flatMap((noun) => VERBS.map((verb) => ({ noun, verb }))))(
    'has for each member of $noun $verb an option of the command line',
    ({ noun, verb }) => {
      const command = NOUNS.find((known) => known.noun === noun)?.commands.find((known) => known.verb === verb);
      const flags = (command?.options ?? []).map(({ flags: text }) => text.split(' ')[0]);
      const args = verb === 'create' ? (command?.args ?? []).map(({ name }) => name.replace(/[<>]/g, '')) : [];
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

  it('has words for people', () => {
    expect(['kernelOptions', 'dnsOn', 'relayVlan', 'mtu', 'dhcpOptions'].map(memberWord)).toEqual([
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
