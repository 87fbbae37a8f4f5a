import fc from 'fast-check';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { BodyPart, createJoiner, createSplitter } from '../../../../src/contract/base/wire/body-parts.ts';
import { digestOf } from '../../../../src/core/stable-json.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import { SERVICES } from '../../../../src/services/registry.ts';
import { siteOf, withOneChange } from '../../../bench/site.ts';
import { CASES, GOLDEN_SECONDS } from '../../../kit/snapshots.ts';

/** Cuts bodies; gives the parts as they arrive over the wire, and the roots. */
function cut(...bodies: readonly unknown[]) {
  const { parts, split } = createSplitter();
  const roots = bodies.map(split);
  const sent = new Map([...parts].map(([digest, { text }]) => [digest, JSON.parse(text) as BodyPart]));
  return { roots, parts, sent };
}

const sizeOf = (parts: Iterable<{ readonly text: string }>) =>
  [...parts].reduce((sum, { text }) => sum + text.length, 0);

function rejoined(body: unknown): unknown {
  const { roots, sent } = cut(body);
  const joined = createJoiner((digest) => sent.get(digest))(roots[0] ?? '');
  if (joined.kind !== 'whole') throw new Error(`missing: ${joined.digests.join(', ')}`);
  return joined.body;
}

/** Values with long texts and long lists, so that parts stand in parts. */
const bodies = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, -1.5, '', 'text', 'x'.repeat(600)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 60 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'base', 'parts', 'value', '0')), tie('value')),
  ),
})).value;

describe('a body by parts', () => {
  it('comes together as it was, whatever it is', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const whole: unknown = JSON.parse(JSON.stringify(body));
        expect(digestOf(rejoined(whole))).toBe(digestOf(whole));
      }),
      { numRuns: 300 },
    );
  });

  it('is of parts that have the content of their digest, the form of the protocol, and name what is there', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const { parts, sent } = cut(body);
        for (const [digest, part] of sent) {
          expect(digestOf(part)).toBe(digest);
          expect(Check(BodyPart, part)).toBe(true);
        }
        for (const { names } of parts.values()) for (const name of names) expect(parts.has(name)).toBe(true);
      }),
    );
  });

  it('has one root for equal content, whatever the order of its members', () => {
    const long = 'x'.repeat(900);
    const { roots } = cut({ a: { long, b: 1 }, c: [1] }, { c: [1], a: { b: 1, long } }, { c: [2], a: { b: 1, long } });
    expect(roots[0]).toBe(roots[1]);
    expect(roots[0]).not.toBe(roots[2]);
  });

  it('tells what is missing, and no content that is not whole', () => {
    const { roots, sent } = cut({ a: 'x'.repeat(900), b: ['y'.repeat(900), 'z'.repeat(900)] });
    const [root = ''] = roots;
    expect(createJoiner(() => undefined)(root)).toEqual({ kind: 'missing', digests: [root] });
    for (const lost of sent.keys()) {
      const joined = createJoiner((digest) => (digest === lost ? undefined : sent.get(digest)))(root);
      expect(joined).toEqual({ kind: 'missing', digests: [lost] });
    }
  });

  it.each(Object.entries(CASES))('is the same for every node of the golden case %s', (_, snapshot) => {
    for (const { body } of compileSite(snapshot, SERVICES, new Map(), GOLDEN_SECONDS).nodes.values())
      expect(rejoined(body)).toEqual(JSON.parse(JSON.stringify(body)));
  });
});

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

it('what is put together is shared from round to round: no service changes what it gets as published before', () => {
  for (const snapshot of Object.values(CASES)) {
    const first = compileSite(snapshot, SERVICES, new Map(), GOLDEN_SECONDS);
    const before = new Map([...first.nodes].map(([id, { body }]) => [id, frozen(rejoined(body)) as typeof body]));
    const again = compileSite({ ...snapshot, versions: first.versions }, SERVICES, before, GOLDEN_SECONDS + 1);
    for (const [id, { body }] of again.nodes) expect(digestOf(body)).toBe(digestOf(before.get(id)));
  }
});

describe('what a change costs', () => {
  const row = (index: number, text = 'a'.repeat(40)) => ({ name: `name${index}`, type: 'TXT', data: text });
  const zone = (name: string, count: number) => ({
    name,
    records: Array.from({ length: count }, (_, index) => row(index)),
  });
  const fresh = (before: unknown, after: unknown) => {
    const known = cut(before).parts;
    return sizeOf([...cut(after).parts].filter(([digest]) => !known.has(digest)).map(([, part]) => part));
  };

  it('is one run of a long list, wherever an element is changed, added or taken away', () => {
    const list = Array.from({ length: 2000 }, (_, index) => row(index));
    const whole = JSON.stringify(list).length;
    for (const at of [0, 1, 999, 1999]) {
      const changes = [list.with(at, row(at, 'b')), list.toSpliced(at, 0, row(-1)), list.toSpliced(at, 1)];
      for (const changed of changes) expect(fresh({ list }, { list: changed })).toBeLessThan(whole / 12);
    }
  });

  it('is one zone of many', () => {
    const zones = Array.from({ length: 200 }, (_, index) => zone(`zone${index}.test`, 12));
    const changed = zones.with(77, zone('zone77.test', 13));
    expect(fresh({ dns: { zones } }, { dns: { zones: changed } })).toBeLessThan(JSON.stringify(zones[0]).length + 6000);
  });

  it('is under a twentieth at a site of 1,000 machines, and the same part serves every region node', () => {
    const site = siteOf(1000);
    const before = compileSite(site, SERVICES, new Map(), GOLDEN_SECONDS);
    const bodiesBefore = new Map([...before.nodes].map(([id, { body }]) => [id, body]));
    const next = { ...withOneChange(site), versions: before.versions };
    const after = compileSite(next, SERVICES, bodiesBefore, GOLDEN_SECONDS + 1);
    const region = (nodes: typeof before.nodes, name: string) => nodes.get(name)?.body;
    const size = JSON.stringify(region(after.nodes, 'n-r1')).length;
    expect(fresh(region(before.nodes, 'n-r1'), region(after.nodes, 'n-r1'))).toBeLessThan(size / 20);
    const one = cut(region(after.nodes, 'n-r1'));
    const three = cut(...['n-r1', 'n-r2', 'n-r3'].map((name) => region(after.nodes, name)));
    expect(sizeOf(three.parts.values())).toBeLessThan(sizeOf(one.parts.values()) * 1.05);
  });
});
