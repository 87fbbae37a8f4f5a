import { describe, expect, it } from 'vitest';
import { afterDays, browserName, certificateTone, letsIn, tokenTone } from '../../../src/ui/models/access.ts';
import { hitGroups, hitLink, keyText, membersOf, outcomeTone } from '../../../src/ui/models/history.ts';
import { formOf, readValue, valueArguments, valueText, writtenValue } from '../../../src/ui/models/settings.ts';

const WORDS = { yes: 'on', no: 'off', none: 'empty' };
const DAY = 24 * 3_600_000;

describe('a setting', () => {
  it.each([
    [true, 'check', 'yes', 'on', 'true'],
    [false, 'check', '', 'off', 'false'],
    [30, 'number', '30', '30', '30'],
    ['auto', 'text', 'auto', 'auto', 'auto'],
    ['', 'text', '', 'empty', "''"],
    [['192.0.2.1', 'a b'], 'area', '192.0.2.1\na b', '192.0.2.1, a b', "192.0.2.1 'a b'"],
    [[], 'area', '', 'empty', "''"],
  ] as const)('%j is written as a %s and read back', (given, form, written, text, words) => {
    const value = Array.isArray(given) ? [...given] : (given as string | number | boolean);
    expect(formOf({ default: value })).toBe(form);
    expect(writtenValue(value)).toBe(written);
    expect(readValue(form, written)).toEqual(value);
    expect(valueText(value, WORDS)).toBe(text);
    if (value !== '') expect(valueArguments(value)).toBe(words);
  });

  it('leaves it to the site to refuse what is no number, and drops empty lines of a list', () => {
    expect(readValue('number', 'many')).toBe('many');
    expect(readValue('number', ' 7 ')).toBe(7);
    expect(readValue('area', ' a \n\n b\n')).toEqual(['a', 'b']);
  });
});

describe('who may do what', () => {
  it('tells how tokens and certificates are', () => {
    expect(tokenTone({ state: 'open' })).toBe('busy');
    const now = Date.parse('2026-03-01T00:00:00Z');
    const ending = (days: number) => new Date(now + days * DAY).toISOString();
    expect(certificateTone({ state: 'good', notAfter: ending(20) }, now)).toBe('ok');
    expect(certificateTone({ state: 'good', notAfter: ending(3) }, now)).toBe('warn');
    expect(certificateTone({ state: 'revoked', notAfter: ending(3) }, now)).toBe('off');
    const words = { region: 'region', rack: 'rack', place: (name: string) => `for ${name}` };
    expect(letsIn({ isRegion: true, isRack: true, place: null }, words)).toBe('region, rack');
    expect(letsIn({ isRegion: true, isRack: false, place: 'r3' }, words)).toBe('region for r3');
    expect(afterDays('2', now)).toBe('2026-03-03T00:00:00.000Z');
    expect([afterDays('', now), afterDays('soon', now)]).toEqual([null, null]);
  });

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140 on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0',
      'Edge 140 on Windows',
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605 Version/18.1 Safari/605', 'Safari 18 on macOS'],
    ['curl/8.5', 'curl/8.5'],
    ['', ''],
  ])('knows the browser %s', (agent, name) => {
    expect(browserName(agent)).toBe(name);
  });
});

describe('what happened', () => {
  it('shows of a row what differs', () => {
    const row = { before: { id: 1, on: false, name: 'a' }, after: { id: 1, on: true, name: 'a' } };
    expect(membersOf(row)).toEqual([{ name: 'on', before: 'false', after: 'true' }]);
    expect(membersOf({ before: null, after: { id: 1 } })).toEqual([{ name: 'id', before: null, after: '1' }]);
    expect(membersOf({ before: { id: 1 }, after: null })).toEqual([{ name: 'id', before: '1', after: null }]);
    expect(keyText({ id: 1, kind: 'x' })).toBe('id 1, kind x');
    expect(keyText('k')).toBe('k');
    expect([outcomeTone({ outcome: 'done' }), outcomeTone({ outcome: 'refused: forbidden' })]).toEqual(['ok', 'bad']);
  });

  it('leads from each hit to its page, whatever its name', () => {
    const hit = (kind: Parameters<typeof hitLink>[0]['kind'], name: string) => ({ kind, ref: '7', name, detail: '' });
    expect(hitLink(hit('vlan', 'lab/vlan10'))).toBe('#/vlans/lab/vlan10');
    expect(hitLink(hit('subnet', '10.0.0.0/24'))).toBe('#/subnets/10.0.0.0%2F24');
    expect(hitLink(hit('user', 'a b'))).toBe('#/access/users?filter=a+b');
    expect(hitLink(hit('domain', '<img>'))).toBe('#/dns/domains/%3Cimg%3E');
    const hits = [hit('node', 'r1'), hit('user', 'u'), hit('node', 'r2')];
    expect(hitGroups(hits).map(({ kind, hits: found }) => [kind, found.length])).toEqual([
      ['node', 2],
      ['user', 1],
    ]);
  });
});
