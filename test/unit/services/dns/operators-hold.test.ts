import { describe, expect, it } from 'vitest';
import { compileSite, type NodeBody } from '../../../../src/services/compile-node.ts';
import type { DnsDesired } from '../../../../src/services/dns/desired.ts';
import { dns } from '../../../../src/services/dns/index.ts';
import type { DnsRecord } from '../../../../src/model/names/record.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { emptySnapshot, GOLDEN_SECONDS, R1 } from '../../../kit/snapshots.ts';
import type { Domain } from '../../../../src/model/names/domain.ts';

const DOMAINS: Domain[] = [
  ...emptySnapshot().domains,
  { id: 7, name: 'x.a.test', ttl: null, leaseNames: false },
  { id: 8, name: 'other.test', ttl: null, leaseNames: false },
];
type Row = Pick<DnsRecord, 'domainId' | 'name' | 'type' | 'data'>;
/** Records by `domain name type data`, numbered from 1. */
const rows = (...lines: readonly string[]): DnsRecord[] =>
  lines.map((line, index) => {
    const [domainId, type, data, ...name] = line.split(' ');
    const row = { domainId: Number(domainId), name: name.join(' '), type, data } as Row;
    return { id: index + 1, ttl: null, ...row };
  });
const GOOD = ['7 CNAME other.test www', '7 A 192.0.2.5 mail'];
const R2 = { ...R1, id: 'n-r2', name: 'r2', addresses: ['10.77.0.12'] };

/** Compiles a snapshot after what was published by an earlier compile. */
function after(snapshot: Snapshot, previous: ReturnType<typeof compileSite> | null, seconds: number) {
  const bodies = new Map<string, NodeBody | null>([...(previous?.nodes ?? [])].map(([id, { body }]) => [id, body]));
  return compileSite({ ...snapshot, versions: previous?.versions ?? [] }, [dns], bodies, GOLDEN_SECONDS + seconds);
}

function zoneOf(site: ReturnType<typeof compileSite>, node: string, name: string) {
  const desired = site.nodes.get(node)?.body.services['dns']?.desired as DnsDesired | undefined;
  return desired?.zones.find((zone) => zone.name === name);
}

const at = (site: ReturnType<typeof compileSite>, node: string, zone: string, owner: string) =>
  zoneOf(site, node, zone)?.records.filter((item) => item.name === owner) ?? [];

describe('a bad name', () => {
  const good = after(emptySnapshot({ domains: DOMAINS, records: rows(...GOOD) }), null, 0);
  const records = [...GOOD, '7 A 192.0.2.1 www', '8 A 192.0.2.6 later'];

  it('keeps its last good data; its zone and all others go on, and this is told with a remedy', () => {
    const site = after(emptySnapshot({ domains: DOMAINS, records: rows(...records, '7 A 192.0.2.7 new') }), good, 10);
    expect(at(site, R1.id, 'x.a.test', 'www')).toEqual([{ name: 'www', type: 'CNAME', data: 'other.test' }]);
    expect(at(site, R1.id, 'x.a.test', 'new')).toHaveLength(1);
    expect(at(site, R1.id, 'other.test', 'later')).toHaveLength(1);
    expect(site.nodes.get(R1.id)?.findings).toEqual([
      {
        service: 'dns',
        code: 'cname_beside_data',
        severity: 'error',
        subject: 'name www.x.a.test',
        sentence:
          'Zone x.a.test has a CNAME at www.x.a.test beside A (RFC 1034 §3.6.2): it keeps its last good data (CNAME other.test).',
        held: 'name www.x.a.test',
        remedy:
          'Change or delete what does not belong at www.x.a.test: regent record list, regent machine list, regent node list.',
      },
    ]);
  });

  it('is left out when it was never good', () => {
    const site = after(emptySnapshot({ domains: DOMAINS, records: rows(...records) }), null, 0);
    expect(at(site, R1.id, 'x.a.test', 'www')).toEqual([]);
    expect(at(site, R1.id, 'x.a.test', 'mail')).toHaveLength(1);
    expect(site.nodes.get(R1.id)?.findings[0]?.sentence).toMatch(/it is left out of the zone\.$/);
  });

  it('has the same data and serial on every node, also on one that is new', () => {
    const snapshot = emptySnapshot({ domains: DOMAINS, records: rows(...records), nodes: [R1, R2] });
    const site = after(snapshot, good, 20);
    expect(zoneOf(site, R2.id, 'x.a.test')).toEqual(zoneOf(site, R1.id, 'x.a.test'));
    expect(at(site, R2.id, 'x.a.test', 'www')).toEqual([{ name: 'www', type: 'CNAME', data: 'other.test' }]);
  });

  it('costs no new serial where nothing is published anew, and its serial grows when it is good again', () => {
    const held = after(emptySnapshot({ domains: DOMAINS, records: rows(...GOOD, '7 A 192.0.2.1 www') }), good, 30);
    expect(zoneOf(held, R1.id, 'x.a.test')).toEqual(zoneOf(good, R1.id, 'x.a.test'));
    const mended = after(emptySnapshot({ domains: DOMAINS, records: rows('7 A 192.0.2.1 www') }), held, 40);
    expect(at(mended, R1.id, 'x.a.test', 'www')).toEqual([{ name: 'www', type: 'A', data: '192.0.2.1' }]);
    expect(zoneOf(mended, R1.id, 'x.a.test')?.serial).toBe(GOLDEN_SECONDS + 40);
    expect(mended.nodes.get(R1.id)?.findings).toEqual([]);
  });

  it.each([
    [
      'longer than 253 characters',
      `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(63)}`,
      'name_too_long',
    ],
    ['a label of 64 characters', 'e'.repeat(64), 'record_malformed'],
    ['outside the grammar', 'a b', 'record_malformed'],
  ])('%s is left out', (_what, name, code) => {
    const site = after(emptySnapshot({ domains: DOMAINS, records: rows(...GOOD, `7 A 192.0.2.1 ${name}`) }), good, 50);
    expect(site.nodes.get(R1.id)?.findings.map((finding) => finding.code)).toEqual([code]);
    expect(at(site, R1.id, 'x.a.test', 'mail')).toHaveLength(1);
  });

  it('that is a name server’s takes its last good address, so that the zone is served', () => {
    const first = after(emptySnapshot(), null, 0);
    const clash = emptySnapshot({
      records: rows('1 CNAME other.test r1', '1 A 192.0.2.8 new'),
    });
    const site = after(clash, first, 60);
    expect(at(site, R1.id, 'regent.internal', 'r1')).toEqual([{ name: 'r1', type: 'A', data: '10.77.0.11' }]);
    expect(at(site, R1.id, 'regent.internal', 'new')).toHaveLength(1);
  });
});

describe('a zone that cannot be loaded', () => {
  it('keeps its last content and serial; others go on', () => {
    const first = after(emptySnapshot({ domains: DOMAINS, nodes: [R1, R2] }), null, 0);
    // A name server that joins under the name of an alias has no address in the zone.
    const R3 = { ...R1, id: 'n-r3', name: 'r3', addresses: ['10.77.0.13'] };
    const snapshot = emptySnapshot({
      domains: DOMAINS,
      nodes: [R1, R2, R3],
      records: rows('1 CNAME other.test r3', '8 A 192.0.2.8 new'),
    });
    const site = after(snapshot, first, 10);
    expect(zoneOf(site, R1.id, 'regent.internal')).toEqual(zoneOf(first, R1.id, 'regent.internal'));
    expect(at(site, R1.id, 'other.test', 'new')).toHaveLength(1);
    expect(site.nodes.get(R1.id)?.findings).toMatchObject([
      { code: 'ns_without_address', held: 'zone regent.internal', severity: 'error' },
    ]);
  });
});
