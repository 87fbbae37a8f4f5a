import { expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { ZoneRecord } from '../../../../src/services/dns/desired.ts';
import { holdBackZones } from '../../../../src/services/dns/hold-back.ts';
import { lostHosts } from '../../../../src/services/dns/rules.ts';
import { viewDns } from '../../../../src/services/dns/view.ts';
import { bareToken } from '../../../../src/template/quoting.ts';

const A = (name: string): ZoneRecord => ({ name, type: 'A', data: '192.0.2.1' });
const zone = (...records: ZoneRecord[]) => ({
  name: 'a.test',
  ttl: 60,
  negativeTtl: 60,
  primary: 'r1.a.test',
  contact: 'hostmaster.a.test',
  records: [{ name: '@', type: 'NS' as const, data: 'r1.a.test' }, A('r1'), ...records],
});
const lost = (...records: ZoneRecord[]) => [...lostHosts(zone(...records)).values()];

it('finds hosts of the zone that have no address', () => {
  const mx: ZoneRecord = { name: '@', type: 'MX', data: '10 mail.a.test' };
  expect(lost(mx)).toEqual(['mail.a.test']);
  expect(lost(mx, A('mail'))).toEqual([]);
  expect(lost({ name: '@', type: 'MX', data: '10 mail.other.test' })).toEqual([]);
  expect(lost({ name: '_sip._tcp', type: 'SRV', data: '0 5 5060 sip.a.test' })).toEqual(['sip.a.test']);
  // What is given to others is not of the zone; where the record itself leads, the address is needed as glue.
  const lab: ZoneRecord = { name: 'lab', type: 'NS', data: 'ns.lab.a.test' };
  expect(lost(lab)).toEqual(['ns.lab.a.test']);
  expect(lost(lab, A('ns.lab'), { name: '@', type: 'MX', data: '10 mail.lab.a.test' })).toEqual([]);
});

it('leaves such a record out, and the zone goes on', () => {
  const held = holdBackZones([zone({ name: '@', type: 'MX', data: '10 mail.a.test' }, A('www'))], []);
  expect(held.zones[0]?.records.map(({ name, type }) => `${name} ${type}`)).toEqual(['@ NS', 'r1 A', 'www A']);
  expect(held.findings).toMatchObject([{ code: 'host_without_address', held: 'name a.test' }]);
});

it('takes a dot for no host: it needs no address, and is written as it is', () => {
  const none: ZoneRecord[] = [
    { name: '@', type: 'MX', data: '0 .' },
    { name: '_imap._tcp', type: 'SRV', data: '0 0 0 .' },
  ];
  expect(none.map((record) => Value.Check(ZoneRecord, record))).toEqual([true, true]);
  expect(Value.Check(ZoneRecord, { name: '@', type: 'MX', data: '0 ..' })).toBe(false);
  expect(lost(...none)).toEqual([]);
  const zones = [{ ...zone(...none), serial: 1 }];
  const [view] = viewDns({ zones, clients: [], forwarders: [], dnssecValidation: 'auto', rateLimit: 0 }).zones;
  expect(view?.records.slice(2).map(({ words }) => words.map(bareToken).join(' '))).toEqual(['0 .', '0 0 0 .']);
});
