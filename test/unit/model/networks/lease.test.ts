import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseLeaseNames, cleanHostname } from '../../../../src/model/networks/lease.ts';
import { aDomain } from '../../../kit/snapshots.ts';

const DOMAINS = [
  aDomain(1, 'regent.internal', { leaseNames: true }),
  aDomain(2, 'lab.test', { leaseNames: true }),
  aDomain(3, 'quiet.test'),
];
const lease = (hostname: string, last = 100, since = '2026-01-01T00:00:00.000Z') => ({
  address: `10.0.0.${last}`,
  hostname,
  since,
});
const choose = (...leases: ReturnType<typeof lease>[]) => chooseLeaseNames(leases, DOMAINS, 'regent.internal');

describe('names of leases', () => {
  it.each([
    ['pc', 'pc', 1],
    ['PC-One', 'pc-one', 1],
    ['pc.', 'pc', 1],
    ['pc.regent.internal', 'pc', 1],
    ['pc.LAB.test.', 'pc', 2],
  ])('%s is %s of domain %i', (given, hostname, domainId) => {
    expect(choose(lease(given))).toEqual([{ hostname, address: '10.0.0.100', domainId }]);
  });

  it.each([
    '',
    '.',
    '..',
    '*',
    '*.evil',
    '.evil',
    'a.b.regent.internal',
    'pc.quiet.test',
    'pc.stranger.example',
    'regent.internal',
    '-pc',
    'pc-',
    '_tcp',
    'a b',
    'a\tb',
    'a\nb',
    'a\u0000b',
    '\u001b[2J',
    'bücher',
    '\u212aelvin',
    '\u202epc',
    'x'.repeat(64),
    'x'.repeat(255),
    '12345',
    '10.0.0.1',
    '$INCLUDE',
    '"; }; zone "x" {',
    '{{name}}',
    'wpad',
    'WPAD.regent.internal',
    'isatap',
    'localhost',
  ])('%j is none', (given) => {
    expect(choose(lease(given))).toEqual([]);
  });

  it('are none where no domain wants them', () => {
    expect(chooseLeaseNames([lease('pc')], DOMAINS, 'quiet.test')).toEqual([]);
    expect(chooseLeaseNames([lease('pc')], [aDomain(1, 'regent.internal')], 'regent.internal')).toEqual([]);
  });

  it('belong to who had them first, then to the first address', () => {
    const later = '2026-01-01T00:00:01.000Z';
    expect(choose(lease('pc', 1, later), lease('pc', 9), lease('pc', 10), lease('PC', 8, later))).toEqual([
      { hostname: 'pc', address: '10.0.0.9', domainId: 1 },
    ]);
  });

  it('whatever clients say: labels by our own grammar, each once, whatever the order of the leases', () => {
    const given = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('pc', 'PC', 'pc.lab.test', 'b'),
    );
    fc.assert(
      fc.property(fc.array(given, { maxLength: 20 }), (names) => {
        const leases = names.map((name, index) => lease(cleanHostname(name), index + 1));
        const chosen = choose(...leases);
        for (const { hostname } of chosen) expect(hostname).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        const keys = chosen.map(({ hostname, domainId }) => `${hostname} ${domainId}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(choose(...leases.toReversed())).toEqual(chosen);
      }),
    );
  });
});

describe('names as they are stored', () => {
  it('are texts without controls, at most 255 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (given) => {
        const text = cleanHostname(given);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(Array.from(text).length).toBeLessThanOrEqual(255);
        expect(cleanHostname(text)).toBe(text);
      }),
    );
  });
});
