import { describe, expect, it } from 'vitest';
import { NOUNS } from '../../../../src/contract/registry.ts';
import type { Declaration } from '../../../../src/contract/base/declare.ts';
import type { Problem } from '../../../../src/contract/base/common.ts';
import { withoutShown } from '../../../../src/ui/models/base/change.ts';
import { faultOf, jsonFault } from '../../../../src/ui/parts/faults.ts';
import { NOUN_TABLE, REFERENCES } from '../../../../src/ui/models/base/nouns/noun-table.ts';
import type { NounField } from '../../../../src/ui/models/base/nouns/nouns.ts';
import { choicesOf, choicesQuery, SHOWN_MOST } from '../../../../src/ui/models/base/reference.ts';

describe('a reference in a form', () => {
  it('follows from the declaration of its noun', () => {
    const declared = NOUNS.flatMap(({ noun, fields }: Declaration) =>
      Object.entries(fields).flatMap(([name, { refersTo }]) =>
        refersTo === undefined ? [] : [{ noun, name, refersTo }],
      ),
    ).filter(({ noun }) => noun in NOUN_TABLE);
    expect(declared.length).toBeGreaterThan(0);
    for (const { noun, name, refersTo } of declared) {
      const fields: readonly NounField[] = NOUN_TABLE[noun as keyof typeof NOUN_TABLE].fields;
      expect(fields.find((field) => field.name === name)?.refersTo).toBe(refersTo);
      expect(REFERENCES).toHaveProperty([refersTo]);
    }
  });

  it('asks for a bounded number of the machines of a large site, by what was typed', () => {
    expect(choicesQuery('machine', 'm12.example')).toEqual({ limit: SHOWN_MOST + 1, hostname: 'm12' });
    expect(choicesQuery('vlan', 'fabric-1/vlan')).toEqual({ limit: SHOWN_MOST + 1, name: 'vlan' });
    const rows = Array.from({ length: SHOWN_MOST + 1 }, (_, index) => ({ fqdn: `m${index}.example.test` }));
    const found = choicesOf('machine', rows, 'M');
    expect(found.names).toHaveLength(SHOWN_MOST);
    expect(found.isMore).toBe(true);
    expect(choicesOf('rack', [{ name: 'k1' }, { name: 'k2' }], 'k2')).toEqual({ names: ['k2'], isMore: false });
  });
});

describe('a fault of a field', () => {
  it('is found before the site is asked: what is missing, no number, no JSON', () => {
    expect(faultOf({ name: 'name' }, {})).toBe('A value is required.');
    expect(faultOf({ name: 'name', isOptional: true }, {})).toBeNull();
    expect(faultOf({ name: 'ttl', kind: 'number' }, { ttl: 'ten' })).toBe('It is not a whole number.');
    expect(faultOf({ name: 'ttl', kind: 'number' }, { ttl: '10' })).toBeNull();
    expect(jsonFault('{')).toBe('It is not valid JSON.');
  });

  it('that stands beside its field is not repeated', () => {
    const problem = { detail: 'cidr: no.', fields: [{ field: 'cidr', problem: 'no' }] } as unknown as Problem;
    expect(withoutShown(problem, [{ name: 'cidr' }], 'See above.')).toMatchObject({ detail: 'See above.', fields: [] });
    expect(withoutShown(problem, [{ name: 'name' }], 'See above.')).toEqual(problem);
  });
});
