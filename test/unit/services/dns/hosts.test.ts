import { expect, it } from 'vitest';
import type { ZoneRecord } from '../../../../src/services/dns/desired.ts';
import { holdBackZones } from '../../../../src/services/dns/hold-back.ts';
import { lostHosts } from '../../../../src/services/dns/rules.ts';

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
