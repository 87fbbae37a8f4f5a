import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { parseMac } from '../../../../src/model/machines/machine.ts';
import {
  checkRecordBeside,
  hostOfRecord,
  type NameUse,
  parseDataIn,
  parseRecordData,
  parseRecordType,
  parseTtl,
  writtenOf,
} from '../../../../src/model/names/record.ts';
import { isSettingName, parseSetting } from '../../../../src/model/site/settings.ts';

const use = (type: NameUse['type'], data: string, kind: NameUse['kind'] = 'record'): NameUse => ({
  kind,
  type,
  data,
  label: `the ${kind}`,
});

describe('records', () => {
  it('have canonical data', () => {
    expect(parseRecordData('AAAA', '2001:DB8::0:1')).toBe('2001:db8::1');
    expect(parseRecordData('CNAME', 'WWW.Example.test.')).toBe('www.example.test');
    expect(parseRecordType('cname')).toBe('CNAME');
  });

  it('may say that there is no such host', () => {
    expect(parseRecordData('SRV', '0 0 0 .')).toBe('0 0 0 .');
    expect(parseRecordData('MX', '00 .')).toBe('0 .');
    expect(parseDataIn('example.test', 'SRV', '0 0 0 .')).toBe('0 0 0 .');
    expect(hostOfRecord({ type: 'MX', data: '0 .' })).toBeNull();
    expect(hostOfRecord({ type: 'MX', data: '0 mail.test' })).toBe('mail.test');
    expect(isRejected(parseRecordData('NS', '.'))).toBe(true);
    expect(isRejected(parseRecordData('SRV', '0 0 0 ..'))).toBe(true);
  });

  it('refuse data of another type, with the rule', () => {
    expect(parseRecordData('A', '::1')).toMatchObject({ message: expect.stringContaining('A holds an IPv4 address') });
    expect(parseRecordData('TXT', 'a\nb')).toMatchObject({ message: expect.stringContaining('printable ASCII') });
    expect(isRejected(parseRecordData('TXT', ''))).toBe(true);
    expect(isRejected(parseRecordData('TXT', 'x'.repeat(4097)))).toBe(true);
    expect(parseRecordType('PTR')).toMatchObject({ message: expect.stringContaining('follow from addresses') });
  });

  it.each([0, -1, 604_801, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('TTL %s is refused', (ttl) => {
    expect(parseTtl(ttl)).toMatchObject({ message: expect.stringContaining('1 to 604800') });
  });

  it('keep a CNAME alone, whichever came first', () => {
    const cname = { name: 'www', type: 'CNAME' as const, data: 'x.test' };
    const a = { name: 'www', type: 'A' as const, data: '10.0.0.1' };
    expect(checkRecordBeside(cname, 'www.test', [use('A', '10.0.0.1')])).toMatchObject({ code: 'conflict' });
    expect(checkRecordBeside(cname, 'www.test', [use('A', '10.0.0.1', 'machine')])).toMatchObject({
      message: expect.stringContaining('the machine'),
    });
    expect(checkRecordBeside(a, 'www.test', [use('CNAME', 'x.test')])).toMatchObject({ code: 'conflict' });
    expect(checkRecordBeside({ ...cname, name: '@' }, 'test', [])).toMatchObject({ code: 'conflict' });
    expect(checkRecordBeside(cname, 'www.test', [])).toBeNull();
  });

  it('are refused twice, but may have several addresses', () => {
    const a = { name: 'www', type: 'A' as const, data: '10.0.0.1' };
    expect(checkRecordBeside(a, 'www.test', [use('A', '10.0.0.1')])).toMatchObject({
      message: expect.stringContaining('exists already'),
    });
    expect(checkRecordBeside(a, 'www.test', [use('A', '10.0.0.2'), use('TXT', 'x')])).toBeNull();
  });
});

describe('MAC addresses', () => {
  it('are lower-case with colons', () => {
    expect(parseMac('52-54-00-AB-CD-EF')).toBe('52:54:00:ab:cd:ef');
  });
  it.each([
    '',
    '52:54:00:ab:cd',
    '52:54:00:ab:cd:ef:00',
    '5254.00ab.cdef',
    '01:00:5e:00:00:01',
    'ff:ff:ff:ff:ff:ff',
    '00:00:00:00:00:00',
    '52:54:00:ab:cd:eg',
  ])('%j is refused', (text) => {
    expect(parseMac(text)).toMatchObject({ code: 'invalid_value' });
  });
});

describe('settings', () => {
  it('have one canonical form', () => {
    expect(parseSetting('upstream_dns', ['10.0.0.1', '2001:DB8::1', '10.0.0.1'])).toEqual(['10.0.0.1', '2001:db8::1']);
    expect(parseSetting('ntp_servers', ['NTP.example.test', '10.0.0.1'])).toEqual(['ntp.example.test', '10.0.0.1']);
  });
  it('refuse what is not theirs', () => {
    expect(isRejected(parseSetting('upstream_dns', '10.0.0.1'))).toBe(true);
    expect(isRejected(parseSetting('upstream_dns', ['a"; }']))).toBe(true);
    expect(isRejected(parseSetting('dnssec_validation', 'maybe'))).toBe(true);
    expect(isRejected(parseSetting('dns_rate_limit', 1.5))).toBe(true);
    expect(isSettingName('constructor')).toBe(false);
  });
});

describe('records that name hosts, and fingerprints', () => {
  it.each([
    ['MX', '010  Mail.Example.test.', '10 mail.example.test'],
    ['NS', 'NS1.other.test.', 'ns1.other.test'],
    ['SRV', '0 5 5060 sip.example.test.', '0 5 5060 sip.example.test'],
    ['SSHFP', `4 2 ${'AB'.repeat(32)}`, `4 2 ${'ab'.repeat(32)}`],
    ['SSHFP', `1 1 ${'ab'.repeat(10)} ${'cd'.repeat(10)}`, `1 1 ${'ab'.repeat(10)}${'cd'.repeat(10)}`],
  ] as const)('%s %s is %s', (type, data, canonical) => {
    expect(parseRecordData(type, data)).toBe(canonical);
    expect(parseRecordData(type, canonical)).toBe(canonical);
  });

  it.each([
    ['MX', 'mail.example.test'],
    ['MX', '70000 mail.example.test'],
    ['MX', '10 mail.example.test more'],
    ['MX', '10 *.example.test'],
    ['NS', '_ns.example.test'],
    ['SRV', '0 5 sip.example.test'],
    ['SRV', '0 -5 5060 sip.example.test'],
    ['SSHFP', `5 2 ${'ab'.repeat(32)}`],
    ['SSHFP', `4 2 ${'ab'.repeat(20)}`],
    ['SSHFP', `4 1 ${'xy'.repeat(20)}`],
  ] as const)('%s %s is refused', (type, data) => {
    expect(parseRecordData(type, data)).toMatchObject({ code: 'invalid_value', fields: [{ field: 'data' }] });
  });

  it('may name one of their own domain by a name without any dot, and keep how that was given', () => {
    expect(parseDataIn('a.test', 'MX', '10 Mail')).toBe('10 mail.a.test');
    expect(parseDataIn('a.test', 'CNAME', 'www')).toBe('www.a.test');
    expect(parseDataIn('a.test', 'CNAME', 'www.')).toBe('www');
    expect(parseDataIn('a.test', 'SRV', '0 5 5060 sip.b.test')).toBe('0 5 5060 sip.b.test');
    expect(parseDataIn('a.test', 'TXT', 'word')).toBe('word');
    expect(parseDataIn('a.test', 'SSHFP', `4 2 ${'ab'.repeat(32)}`)).toBe(`4 2 ${'ab'.repeat(32)}`);
    expect(parseDataIn(`${'a'.repeat(60)}.`.repeat(4) + 'test', 'NS', 'n'.repeat(20))).toMatchObject({
      fields: [{ field: 'data' }],
    });
    expect(writtenOf('MX', '10 Mail', '10 mail.a.test')).toBe('10 Mail');
    expect(writtenOf('TXT', 'word', 'word')).toBeNull();
    expect(writtenOf('AAAA', '2001:DB8::1', '2001:db8::1')).toBeNull();
  });

  it('give a name below a domain to others, and not the domain itself', () => {
    const ns = { name: '@', type: 'NS' as const, data: 'ns.other.test' };
    expect(checkRecordBeside(ns, 'test', [])).toMatchObject({ code: 'conflict' });
    expect(checkRecordBeside({ ...ns, name: 'lab' }, 'lab.test', [])).toBeNull();
  });
});
