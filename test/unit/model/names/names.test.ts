import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  absoluteName,
  domainOf,
  isInDomain,
  parseDomainName,
  parseHostLabel,
  parseOwnerName,
  parseTitle,
  relativeName,
} from '../../../../src/model/names/names.ts';

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const domain = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));

const HOSTILE = [
  'a";};zone "x',
  'a\nb',
  'a\u0000b',
  'a b',
  'a;b',
  'a{b',
  "a'b",
  'a\\b',
  'ä',
  '..',
  '',
  '-a',
  'a-',
  'a'.repeat(64),
  '$(id)',
  'a/b',
];

describe('names', () => {
  it.each(HOSTILE)('%j is no host name, domain name or record name', (text) => {
    for (const parse of [parseHostLabel, parseDomainName, parseOwnerName]) {
      expect(parse(text), parse.name).toMatchObject({
        code: 'invalid_value',
        message: expect.stringContaining('Rule:'),
      });
    }
  });

  it('are accepted only from the grammar, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const parsed = parseOwnerName(text);
        expect(isRejected(parsed) || /^[a-z0-9_*.-]{1,253}$/.test(parsed)).toBe(true);
      }),
    );
  });

  it('are lower-cased and lose one final dot', () => {
    expect(parseDomainName('Example.TEST.')).toBe('example.test');
    expect(parseOwnerName('_SIP._tcp.Example.test')).toBe('_sip._tcp.example.test');
    expect(parseOwnerName('*.example.test')).toBe('*.example.test');
    expect(isRejected(parseOwnerName('a.*.test'))).toBe(true);
  });

  it('longer than 253 characters and domains of reverse zones are refused', () => {
    expect(isRejected(parseDomainName(Array.from({ length: 5 }, () => 'a'.repeat(60)).join('.')))).toBe(true);
    expect(parseDomainName('1.10.in-addr.arpa')).toMatchObject({ message: expect.stringContaining('generated') });
    expect(isRejected(parseDomainName('example.123'))).toBe(true);
  });

  it('relative and absolute form belong together', () => {
    fc.assert(
      fc.property(fc.option(domain, { nil: '@' }), domain, (left, zone) => {
        const full = absoluteName(left, zone);
        expect(isInDomain(full, zone)).toBe(true);
        expect(relativeName(full, zone)).toBe(left);
      }),
    );
  });

  it('belong to the longest domain', () => {
    const domains = [{ name: 'test' }, { name: 'b.test' }, { name: 'ab.test' }];
    expect(domainOf('www.b.test', domains)?.name).toBe('b.test');
    expect(domainOf('www.xb.test', domains)?.name).toBe('test');
    expect(domainOf('www.other', domains)).toBeUndefined();
  });

  it('titles hold nothing that a configuration file could mistake', () => {
    expect(parseTitle('Rack 3 / left')).toBe('Rack 3 / left');
    for (const text of ['a"b', 'a\nb', 'a;b', 'a{b', ' a', 'a\\']) expect(isRejected(parseTitle(text))).toBe(true);
  });
});
