import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { json, nothing, refusalAnswer } from '../../../src/api/maas/answer.ts';
import { readArgs } from '../../../src/api/maas/args.ts';
import { parseResource } from '../../../src/api/maas/catalog/base/parse.ts';
import { findOperation, findResource } from '../../../src/api/maas/catalog/table.ts';
import { numberOf, uriOf, formatMoment } from '../../../src/api/maas/objects/base/uri.ts';
import { freeRanges, statisticsOf, usedRanges } from '../../../src/api/maas/operations/networks/subnet-space.ts';
import type { SubnetUses } from '../../../src/api/maas/operations/networks/subnet-uses.ts';
import { type CallForm, readBody, readQuery } from '../../../src/api/maas/request.ts';
import { isRejected, type RejectionCode, rejected } from '../../../src/core/errors.ts';

const EMPTY: CallForm = { values: new Map(), files: new Map() };
const form = (text: string): CallForm => {
  const read = readQuery(text);
  if (isRejected(read)) throw new Error(read.message);
  return read;
};
const OPERATION = parseResource({
  name: 'Thing',
  path: 'things/{id}/',
  about: 'Things.',
  operations: ['POST lift =202 409 | weight:int! high:boolean tags name | Lift a thing.'],
}).operations[0];
if (!OPERATION) throw new Error('no operation');

describe('a line of the table', () => {
  it('is an operation', () => {
    expect(OPERATION).toMatchObject({
      key: 'Thing.lift',
      op: 'lift',
      status: 202,
      hasConflict: true,
      isAnonymous: false,
    });
    expect(OPERATION.parameters[0]).toEqual({ name: 'weight', type: 'int', isRequired: true });
  });

  it('that is none is no table', () => {
    const wrong = (line: string) => () => parseResource({ name: 'X', path: 'x/', about: 'X.', operations: [line] });
    expect(wrong('PATCH read | | Read.')).toThrow('no operation');
    expect(wrong('GET read | a:number | Read.')).toThrow('no parameter');
    expect(wrong('GET read | a')).toThrow('no operation');
  });
});

describe('a path', () => {
  it('names a resource and the values in it', () => {
    expect(findResource(['fabrics', '1', 'vlans', '20'])).toMatchObject({
      resource: { name: 'Vlan' },
      path: { fabric_id: '1', vid: '20' },
    });
    expect(findResource(['account', 'prefs', 'sshkeys'])?.resource.name).toBe('SSHKeys');
    expect(findResource(['nodes', 'a', 'blockdevices', '1', 'partitions', '2'])?.resource.name).toBe('Partition');
    expect(findResource(['machines', 'a', 'b'])).toBeNull();
    expect(findResource([])).toBeNull();
  });

  it('takes its own methods and operations alone', () => {
    const machines = findResource(['machines'])?.resource ?? { operations: [] };
    expect(findOperation(machines, 'POST', 'allocate')).toMatchObject({ key: 'Machines.allocate' });
    expect(findOperation(machines, 'GET', 'allocate')).toBe('unknown');
    expect(findOperation(machines, 'DELETE', null)).toBe('other');
  });
});

describe('parameters', () => {
  it('are read by their types, repeated or with commas', () => {
    const args = readArgs(OPERATION, form('weight=5&high=True&tags=a,b&tags=c&name='), form('name=x&op=lift'));
    if (isRejected(args)) throw new Error(args.message);
    expect([args.number('weight'), args.flag('high'), args.list('tags')]).toEqual([5, true, ['a', 'b', 'c']]);
    expect([args.text('name'), args.clearable('name'), args.clearable('other')]).toEqual(['', null, undefined]);
    expect(args.entries().map(([name]) => name)).toEqual(['name', 'weight', 'high', 'tags']);
  });

  it('that are missing or of another type are all told', () => {
    const refused = readArgs(OPERATION, form('high=so-so'), EMPTY);
    expect(isRejected(refused) && refused.fields?.map(({ field }) => field)).toEqual(['weight', 'high']);
    expect(isRejected(readArgs(OPERATION, form('weight=1e400'), EMPTY))).toBe(true);
    expect(isRejected(readArgs(OPERATION, form('weight=2.0'), EMPTY))).toBe(false);
  });

  it('of JSON are those of a form, whatever their names', () => {
    const read = readBody(Buffer.from('{"__proto__":"a","b":["x",1],"c":null,"d":{"e":true}}'), 'application/json');
    expect(isRejected(read) ? read : [...read.values]).toEqual([
      ['__proto__', ['a']],
      ['b', ['x', '1']],
      ['c', ['']],
      ['d', ['{"e":true}']],
    ]);
  });

  it('are never more than can be handled, and reading them never throws', () => {
    expect(isRejected(readQuery('a&'.repeat(20_001)))).toBe(true);
    const types = fc.constantFrom('application/json', 'multipart/form-data; boundary=x', undefined, 'text/plain');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), types, (bytes, type) => {
        const read = readBody(Buffer.from(bytes), type);
        return isRejected(read) || read.values instanceof Map;
      }),
    );
  });
});

describe('an answer', () => {
  const told = (code: RejectionCode, hasConflict = false) => {
    const { status, type, headers } = refusalAnswer(rejected(code, 'Why.'), { hasConflict, parameters: [] });
    return [status, type.split(';')[0], headers?.['retry-after']];
  };

  it('refuses in the shapes of MAAS', () => {
    expect(told('invalid_value')).toEqual([400, 'application/json', undefined]);
    expect(told('conflict')).toEqual([400, 'application/json', undefined]);
    // Clients try again after a 409 with Retry-After: a collision must not have it.
    expect(told('conflict', true)).toEqual([409, 'text/plain', undefined]);
    expect(told('in_use', true)).toEqual([409, 'text/plain', undefined]);
    expect(told('forbidden')).toEqual([403, 'text/plain', undefined]);
    expect(told('not_found')).toEqual([404, 'text/plain', undefined]);
    expect(told('unavailable')).toEqual([503, 'text/plain', '5']);
    expect(told('internal')).toEqual([500, 'text/plain', undefined]);
  });

  it('names fields as MAAS does', () => {
    const fields = ['interfaces/0/mac', 'first', 'parameters/power_address', '', '__proto__'].map((field) => ({
      field,
      problem: 'no',
    }));
    const { body } = refusalAnswer(rejected('invalid_value', 'no', fields));
    expect(Object.keys(JSON.parse(body as string) as object)).toEqual([
      'mac_addresses',
      'start_ip',
      'power_address',
      '__all__',
      '__proto__',
    ]);
  });

  it('has a type without a body, too', () => {
    expect([nothing(), json(null)].map(({ status, type, body }) => [status, type !== '', body])).toEqual([
      [204, true, null],
      [200, true, 'null'],
    ]);
  });
});

describe('numbers and moments', () => {
  it('are the same everywhere', () => {
    expect(numberOf('disk', 'a', 'serial x')).toBe(numberOf('disk', 'a', 'serial x'));
    expect(numberOf('a', 'b')).not.toBe(numberOf('ab'));
    expect(Number.isSafeInteger(numberOf('x'))).toBe(true);
    expect(uriOf('zones', 'a b/c')).toBe('/MAAS/api/2.0/zones/a%20b%2Fc/');
    expect(formatMoment('2024-01-02T03:04:05.678Z')).toBe('Tue, 02 Jan. 2024 03:04:05');
  });
});

describe('the addresses of a subnet', () => {
  const uses = (cidr: string, ranges: readonly (readonly [string, string])[]): SubnetUses =>
    ({
      subnet: { cidr, gateway: null },
      ranges: ranges.map(([first, last]) => ({ first, last, kind: 'dynamic' })),
      reservations: [],
      links: [],
    }) as unknown as SubnetUses;

  const COUNTS = { hasRanges: false, hasSuggestions: false };
  it('are used or free, each of them once', () => {
    const octet = fc.integer({ min: 1, max: 254 });
    fc.assert(
      fc.property(fc.array(fc.tuple(octet, octet), { maxLength: 8 }), (pairs) => {
        const spans = pairs.map(([a, b]) => [`10.0.0.${Math.min(a, b)}`, `10.0.0.${Math.max(a, b)}`] as const);
        const used = usedRanges(uses('10.0.0.0/24', spans));
        const free = freeRanges('10.0.0.0/24', used);
        const count = (list: typeof used) => list.reduce((sum, { num_addresses: one }) => sum + one, 0);
        const { total_addresses, num_available, num_unavailable } = statisticsOf('10.0.0.0/24', used, COUNTS);
        expect(count(used) + count(free)).toBe(254);
        expect([total_addresses, num_available, num_unavailable]).toEqual([254, count(free), count(used)]);
      }),
    );
  });

  it('of IPv6 and of the smallest networks are counted, too', () => {
    expect(statisticsOf('2001:db8::/64', [], { ...COUNTS, hasRanges: true })).toMatchObject({
      ip_version: 6,
      usage: 0,
      first_address: '2001:db8::',
    });
    expect(statisticsOf('10.0.0.0/31', [], COUNTS).total_addresses).toBe(2);
    expect(statisticsOf('10.0.0.1/32', [], COUNTS).total_addresses).toBe(1);
  });
});
