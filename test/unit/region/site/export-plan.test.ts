import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPORT_KINDS, exportKindOf } from '../../../../src/contract/export-kinds.ts';
import { referencesOf } from '../../../../src/region/site/export/members.ts';
import {
  compareNames,
  type MemberValues,
  nameOf,
  type SiteObject,
  type WantedObject,
} from '../../../../src/region/site/export/objects.ts';
import { planSteps } from '../../../../src/region/site/export/plan.ts';
import { isSame } from '../../../../src/region/site/export/same.ts';

const kindOf = (noun: string) => {
  const kind = exportKindOf(noun);
  if (kind === undefined) throw new Error(noun);
  return kind;
};
const here = (noun: string, members: MemberValues, more: Partial<SiteObject> = {}): SiteObject => {
  const kind = kindOf(noun);
  const name = nameOf(kind, members);
  return {
    kind,
    name,
    ref: name,
    members,
    aliases: [],
    references: referencesOf(kind, members, {}),
    isLasting: false,
    ...more,
  };
};
const wanted = (noun: string, members: MemberValues, index = 0): WantedObject => {
  const kind = kindOf(noun);
  return { kind, name: nameOf(kind, members), place: `site/${kind.plural}/${index}`, members };
};
const shown = (input: { current?: SiteObject[]; wanted?: WantedObject[]; prune?: string[] }) =>
  planSteps({ current: input.current ?? [], wanted: input.wanted ?? [], prune: new Set(input.prune ?? []) }).map(
    ({ action, kind, name, members }) =>
      `${action} ${kind.noun} ${name}${action === 'set' ? ` ${JSON.stringify(members)}` : ''}`,
  );

describe('kinds', () => {
  it('come behind what they refer to', () => {
    const order = EXPORT_KINDS.map(({ noun }) => noun);
    const wrong = EXPORT_KINDS.flatMap(({ noun, refersTo, after }) =>
      [...Object.values(refersTo), ...after].filter((other) => order.indexOf(other) > order.indexOf(noun)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('a plan', () => {
  it('makes what others refer to first, and switches DHCP on last', () => {
    const objects = [
      wanted('machine', { hostname: 'web1', domain: 'a.test', zone: 'z' }),
      wanted('range', { first: '10.0.0.9', last: '10.0.0.10', kind: 'dynamic' }),
      wanted('zone', { name: 'z' }),
      wanted('vlan', { fabric: 'f', name: 'v', vid: 2, dhcpOn: true }),
      wanted('domain', { name: 'a.test' }),
      wanted('fabric', { name: 'f' }),
    ];
    expect(shown({ wanted: objects })).toEqual([
      'create fabric f',
      'create zone z',
      'create domain a.test',
      'create vlan f/v',
      'create range 10.0.0.9-10.0.0.10',
      'create machine web1.a.test',
      'set vlan f/v {"dhcpOn":true}',
    ]);
  });

  it('deletes what nobody uses before it makes others, and what others leave after that', () => {
    const machine = { hostname: 'web1', domain: 'a.test', zone: 'old' };
    const current = [
      here('zone', { name: 'old' }),
      here('zone', { name: 'unused' }),
      here('domain', { name: 'a.test' }),
      here('machine', machine),
    ];
    const objects = [wanted('zone', { name: 'new' }), wanted('machine', { ...machine, zone: 'new' })];
    expect(shown({ current, wanted: objects, prune: ['zone'] })).toEqual([
      'delete zone unused',
      'create zone new',
      'set machine web1.a.test {"zone":"new"}',
      'delete zone old',
    ]);
  });

  it('switches DHCP off before the range of the VLAN goes', () => {
    const vlan = { fabric: 'f', name: 'v', vid: 2, dhcpOn: true };
    const current = [
      here('fabric', { name: 'f' }),
      here('vlan', vlan),
      here('range', { first: '10.0.0.9', last: '10.0.0.10', kind: 'dynamic' }),
    ];
    expect(shown({ current, wanted: [wanted('vlan', { ...vlan, dhcpOn: false })], prune: ['range'] })).toEqual([
      'set vlan f/v {"dhcpOn":false}',
      'delete range 10.0.0.9-10.0.0.10',
    ]);
  });

  it('takes the untagged VLAN that a new fabric has by itself', () => {
    const vlan = wanted('vlan', { fabric: 'f', name: 'native', vid: 0, mtu: 9000 });
    expect(shown({ wanted: [wanted('fabric', { name: 'f' }), vlan] })).toEqual([
      'create fabric f',
      'set vlan f/native {"name":"native","vid":0,"mtu":9000}',
    ]);
  });

  it('leaves a secret that the file leaves out by its mask', () => {
    const bmc = here(
      'bmc',
      { name: 'b', powerType: 'ipmi', parameters: { power_user: 'a' } },
      { hidden: ['power_pass'] },
    );
    const object = wanted('bmc', { name: 'b', parameters: { power_user: 'c' } });
    expect(shown({ current: [bmc], wanted: [object] })).toEqual([
      'set bmc b {"parameters":{"power_user":"c","power_pass":"********"}}',
    ]);
  });

  it('has nothing to do where the site has what the file has', () => {
    const members = {
      hostname: 'web1',
      domain: 'a.test',
      tags: ['a', 'b'],
      interfaces: [
        { name: 'eth0', mac: '52:54:00:00:00:0a', addresses: [{ address: '10.0.0.1', subnet: '10.0.0.0/24' }] },
      ],
    };
    const current = [here('machine', members, { autos: new Set(['10.0.0.1']) })];
    const file = {
      hostname: 'WEB1',
      domain: 'a.test.',
      tags: ['b', 'a'],
      interfaces: [{ mac: '52:54:00:00:00:0A', addresses: [{ address: 'auto' }] }],
    };
    expect(shown({ current, wanted: [wanted('machine', file)] })).toEqual([
      // The noun's own law says that both are the same.
      'set machine web1.a.test {"hostname":"WEB1","domain":"a.test."}',
    ]);
  });
});

describe('values', () => {
  it('are the same in another writing of an address', () => {
    expect(isSame('2001:DB8::1', '2001:db8::1')).toBe(true);
    expect(isSame('10.0.0.0/24', '10.0.1.0/24')).toBe(false);
    expect(isSame({ a: '1' }, { a: '1', b: '2' })).toBe(false);
    expect(isSame([{ a: 1 }], [{ a: 1, b: 2 }])).toBe(true);
    expect(isSame(true, 'true')).toBe(false);
  });

  it('are the same as themselves, whatever they are', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => isSame(value, structuredClone(value))));
  });
});

describe('the order of names', () => {
  it('counts numbers as numbers', () => {
    expect(['m10', 'm2', 'm1', '10.0.0.10', '10.0.0.9'].sort(compareNames)).toEqual([
      '10.0.0.9',
      '10.0.0.10',
      'm1',
      'm2',
      'm10',
    ]);
  });

  it('is total', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '0', '1', '9', '.') });
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        const isOneSided = Math.sign(compareNames(a, b)) + Math.sign(compareNames(b, a)) === 0;
        const isDecided = a === b || compareNames(a, b) !== 0;
        const isPassedOn = compareNames(a, b) >= 0 || compareNames(b, c) >= 0 || compareNames(a, c) < 0;
        expect([isOneSided, isDecided, isPassedOn]).toEqual([true, true, true]);
      }),
    );
  });
});
