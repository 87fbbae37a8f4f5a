import { describe, expect, it } from 'vitest';
import type { DhcpSnippet } from '../../../../src/model/networks/dhcp-snippet.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import { dhcp } from '../../../../src/services/dhcp/index.ts';
import type { DhcpDesired } from '../../../../src/services/dhcp/desired.ts';
import { lintSnippets } from '../../../../src/services/dhcp/custom/snippets.ts';
import { renderService } from '../../../../src/services/kit/render.ts';
import { goldenTemplates } from '../../../kit/goldens.ts';
import { aRange, aReservation, aSnippet, aSubnet, aVlan, emptySnapshot, FACTS, R1 } from '../../../kit/snapshots.ts';

const MAC = '52:54:00:00:00:30';
const SUBNET = '10.10.10.0/24';

function site(snippets: readonly DhcpSnippet[], changes: Partial<Snapshot> = {}): Snapshot {
  return emptySnapshot({
    attachments: [{ nodeId: R1.id, vlanId: 1, interface: 'eth1', addresses: ['10.10.10.1/24'] }],
    vlans: [aVlan(1, 10, { dhcpOn: true })],
    subnets: [aSubnet(1, 'vlan10', SUBNET, { resolvers: ['192.0.2.53'], dhcpOptions: ['224:string=x'] })],
    ranges: [aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.200'])],
    reservations: [aReservation(1, 1, '10.10.10.30', { mac: MAC })],
    snippets,
    ...changes,
  });
}

type Bodies = Parameters<typeof compileSite>[2];
const compiled = (snapshot: Snapshot, before: Bodies = new Map()) => {
  const node = compileSite(snapshot, [dhcp], before, 1).nodes.get(R1.id);
  if (!node) throw new Error('there is no node');
  const held = node.findings.filter(({ severity }) => severity === 'error').map(({ sentence }) => sentence);
  return { body: node.body, desired: node.body.services['dhcp']?.desired as DhcpDesired, held };
};
type Options = readonly { name?: string; code?: number; data: string }[];
type Kea = Record<string, unknown> & { readonly [name in 'shared-networks']?: readonly Record<string, unknown>[] };
function rendered(snippets: readonly DhcpSnippet[]) {
  const { desired, held } = compiled(site(snippets));
  expect(held).toEqual([]);
  const files = renderService(dhcp, desired, { facts: FACTS, templates: goldenTemplates(), generation: 1 });
  const { Dhcp4 } = JSON.parse(files.at(-1)?.content ?? '') as { Dhcp4: Kea };
  const subnet = Dhcp4['shared-networks']?.[0]?.['subnet4'] as readonly Record<string, unknown>[];
  return { whole: Dhcp4, subnet: subnet[0] ?? {} };
}

describe('an option that Kea does not know by its name', () => {
  const doubts = (...snippets: readonly DhcpSnippet[]) =>
    compileSite(site(snippets), [dhcp], new Map(), 1)
      .nodes.get(R1.id)
      ?.findings.filter(({ code }) => code === 'snippet_option_unknown')
      .map(({ sentence }) => sentence);
  const colour = (more: object = {}) => ({ 'option-data': [{ name: 'site-colour', data: 'red', ...more }] });

  it('is told of before Kea is asked, wherever it stands, and holds nothing back', () => {
    const sentence =
      'Kea will refuse the snippet a: Kea knows no option of the name site-colour. Rule: a name or a code that Kea knows, or an option-def in a snippet for all clients.';
    for (const scope of ['global', SUBNET, MAC]) expect(doubts(aSnippet(1, 'a', scope, colour()))).toEqual([sentence]);
    const inClass = { 'client-classes': [{ name: 'odd', test: 'true', ...colour() }] };
    expect(doubts(aSnippet(1, 'a', 'global', inClass))).toEqual([sentence]);
    expect(compiled(site([aSnippet(1, 'a', SUBNET, colour())])).desired.snippets).toHaveLength(1);
  });

  it('is well with a definition, by its code or of another space, and so are names of Kea', () => {
    const definition = { 'option-def': [{ name: 'site-colour', code: 230, type: 'string' }] };
    expect(doubts(aSnippet(1, 'a', 'global', definition), aSnippet(2, 'b', SUBNET, colour()))).toEqual([]);
    expect(doubts(aSnippet(1, 'a', SUBNET, colour({ code: 230 })))).toEqual([]);
    expect(doubts(aSnippet(1, 'a', SUBNET, colour({ space: 'other' })))).toEqual([]);
    const known = ['log-servers', 'routers', 'vivso-suboptions'].map((name) => ({ name, data: '192.0.2.1' }));
    expect(doubts(aSnippet(1, 'a', SUBNET, { 'option-data': known }))).toEqual([]);
  });
});

describe('snippets in place', () => {
  it('are given to Kea as JSON, whatever they are written in; a remark alone is nothing', () => {
    const written = (id: number, name: string, text: string): DhcpSnippet => ({ id, name, scope: SUBNET, text });
    const { subnet } = rendered([
      written(1, 'a', 'option log-servers 192.0.2.14; # ours\nmax-lease-time 900;'),
      written(2, 'b', '# not yet'),
    ]);
    expect(subnet['max-valid-lifetime']).toBe(900);
    expect(subnet['option-data']).toContainEqual({ name: 'log-servers', data: '192.0.2.14' });
  });

  it('set members, add to lists, and their options stand in for the same ones', () => {
    const { whole, subnet } = rendered([
      aSnippet(1, 'a', 'global', { 'renew-timer': 100, 'option-data': [{ code: 15, data: 'x.test' }] }),
      aSnippet(2, 'b', 'global', { 'client-classes': [{ name: 'mine', test: "member('ALL')" }] }),
      aSnippet(3, 'c', SUBNET, {
        'option-data': [
          { name: 'domain-name-servers', data: '10.0.0.9' },
          { code: 224, 'csv-format': false, data: '00' },
          { space: 'vendor-4491', code: 2, data: '01' },
        ],
        'require-client-classes': ['mine', 'bios'],
      }),
      aSnippet(4, 'd', MAC, { 'client-classes': ['mine'], 'boot-file-name': 'own.0' }),
    ]);
    expect(whole['renew-timer']).toBe(100);
    const names = (list: unknown) => (list as Options).map(({ name, code, data }) => `${name ?? code} ${data}`);
    expect(names(whole['option-data'])).toEqual(['domain-search regent.internal', '15 x.test']);
    expect((whole['client-classes'] as unknown[]).at(-1)).toEqual({ name: 'mine', test: "member('ALL')" });
    expect(names(subnet['option-data'])).toEqual([
      'ntp-servers 10.10.10.1',
      'domain-name-servers 10.0.0.9',
      '224 00',
      '2 01',
    ]);
    expect(subnet['require-client-classes']).toEqual(['mine', 'bios']);
    expect(subnet['reservations']).toEqual([
      { 'boot-file-name': 'own.0', 'client-classes': ['mine'], 'hw-address': MAC, 'ip-address': '10.10.10.30' },
    ]);
  });

  it('are those of the node’s own subnets and hosts, and none that is empty', () => {
    const { desired } = compiled(
      site([
        aSnippet(1, 'a', 'global', {}),
        aSnippet(2, 'b', '10.99.0.0/24', { 'renew-timer': 1 }),
        aSnippet(3, 'c', '52:54:00:00:00:99', { 'boot-file-name': 'x' }),
      ]),
    );
    expect(desired.snippets).toBeUndefined();
  });

  it('change the file when they change, and not for blanks', () => {
    const one = { id: 1, name: 'a', scope: 'global', text: '{"renew-timer":5}' };
    const of = (text: string) => compiled(site([{ ...one, text }])).desired;
    expect(of('{ "renew-timer" :\n5 }')).toEqual(of('{"renew-timer":5}'));
    expect(of('{"renew-timer":6}')).not.toEqual(of('{"renew-timer":5}'));
  });
});

describe('a snippet that does not fit is held back alone', () => {
  const good = aSnippet(1, 'good', 'global', { 'renew-timer': 100 });
  it.each([
    [
      'a member twice',
      [good, aSnippet(2, 'bad', 'global', { 'renew-timer': 7 })],
      /snippet bad cannot be given to Kea: the snippet good of the same scope sets the member renew-timer: it is left out/,
    ],
    [
      'an option twice',
      [
        good,
        aSnippet(2, 'one', SUBNET, { 'option-data': [{ name: 'log-servers', data: '10.0.0.1' }] }),
        aSnippet(3, 'bad', SUBNET, { 'option-data': [{ code: 7, data: '10.0.0.2' }] }),
      ],
      /the snippet one of the same scope sets the option 7/,
    ],
    [
      'a class that is not there',
      [good, aSnippet(2, 'bad', SUBNET, { 'require-client-classes': ['no-such'] })],
      /there is no client class no-such/,
    ],
    [
      'a class of a snippet that is held back itself',
      [
        good,
        { id: 2, name: 'broken', scope: 'global', text: '{"client-classes":[{"name":"c","x":1}]}' },
        aSnippet(3, 'bad', MAC, { 'client-classes': ['c'] }),
      ],
      /there is no client class c/,
    ],
    [
      'a rule of today',
      [good, { id: 2, name: 'bad', scope: 'global', text: '{"hooks-libraries":[]}' }],
      /"hooks-libraries" is not for a snippet/,
    ],
    [
      'the same option twice in itself',
      [
        good,
        aSnippet(2, 'bad', MAC, {
          'option-data': [
            { code: 7, data: '1' },
            { name: 'log-servers', data: '2' },
          ],
        }),
      ],
      /it sets the option 7 twice/,
    ],
    ['no JSON', [good, { id: 2, name: 'bad', scope: 'global', text: '{"' }], /snippet bad/],
  ])('%s', (_name, snippets, sentence) => {
    const { desired, held } = compiled(site(snippets));
    expect(held.join('\n')).toMatch(sentence);
    expect(desired.snippets?.map(({ name }) => name)).toContain('good');
    expect(desired.snippets?.map(({ name }) => name)).not.toContain('bad');
    expect(desired.networks).toHaveLength(1);
  });

  it('and keeps its last content', () => {
    const before = compiled(site([good]));
    const next = compiled(site([{ ...good, text: '{"renew-timer":"x"}' }]), new Map([[R1.id, before.body]]));
    expect(next.held.join()).toMatch(/renew-timer is "x".*: it keeps its last good content\.$/);
    expect(next.desired.snippets).toEqual(before.desired.snippets);
  });
});

it.each([
  ['10.99.0.0/24', {}, 'there is no subnet 10.99.0.0/24 any more'],
  [MAC, { reservations: [] }, `no interface with the MAC ${MAC} has a static lease`],
  [SUBNET, { vlans: [aVlan(1, 10)] }, `the VLAN of ${SUBNET} has DHCP off`],
  [SUBNET, {}, null],
  [MAC, {}, null],
  ['global', { vlans: [] }, null],
])('a snippet for %s with %j is told when it is idle', (scope, changes, why) => {
  const found = lintSnippets(site([aSnippet(1, 'a', scope, { 'boot-file-name': 'x' })], changes));
  expect(found.map(({ sentence }) => sentence)).toEqual(why === null ? [] : [`The snippet a does nothing: ${why}.`]);
});
