import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { certificateSubject } from '../../../../src/model/cluster/certificate-subject.ts';
import {
  type Applicant,
  decideJoin,
  type JoinSite,
  NO_TOKEN,
  parseApplicant,
  type ShownToken,
} from '../../../../src/model/cluster/joining.ts';
import type { KnownRack } from '../../../../src/model/cluster/registration.ts';
import { checkRelease } from '../../../../src/model/cluster/release.ts';

const UUID = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
const OTHER = '7f9619ff-8b86-4011-b42d-00cf4fc964ff';
const KEY = `${'B'.repeat(42)}A`;
const TOKEN: ShownToken = {
  isRegion: true,
  isRack: true,
  isOver: false,
  isRevoked: false,
  usedByKey: null,
  usedByNode: null,
};
const member = { state: 'member' as const, isRegion: true, isRack: false };
const SITE: JoinSite = {
  token: TOKEN,
  version: '2.3.1+abc',
  nodes: [{ id: 'n1', name: 'r1', addresses: ['10.77.0.11'], ...member }],
  racks: [],
  users: [],
  vip: '10.77.0.10/24',
  joiningSince: null,
  voters: new Set(),
};
const HOST: Applicant = {
  name: 'r2',
  addresses: ['10.77.0.12'],
  isRegion: true,
  isRack: false,
  version: '2.3.1',
  keyDigest: 'mine',
  rack: null,
};
const IDENTITY = { uuid: UUID, publicKey: KEY, proof: 'none' as const };
const RACK: Applicant = { ...HOST, name: 'k1', isRegion: false, isRack: true, rack: IDENTITY };
const SIGNED: Applicant = { ...RACK, rack: { ...IDENTITY, proof: 'key' } };
const PLACED: Applicant = { ...RACK, rack: { ...IDENTITY, proof: 'place' } };
const rack = (change: Partial<KnownRack> = {}): KnownRack => ({
  uuid: UUID,
  name: 'k1',
  nodeId: UUID,
  state: 'accepted',
  publicKey: `${'C'.repeat(42)}A`,
  acceptedAt: '2026-01-01T00:00:00Z',
  mayRekey: false,
  ...change,
});
const rackNode = {
  id: UUID,
  name: 'k1',
  addresses: ['10.77.0.21'],
  isRegion: false,
  isRack: true,
  state: 'member' as const,
};

/** How it is admitted, or the code of the refusal with its sentence. */
const told = (site: Partial<JoinSite>, applicant: Applicant = HOST) => {
  const decision = decideJoin({ ...SITE, ...site }, applicant);
  return isRejected(decision)
    ? `${decision.code}: ${decision.message}`
    : `${decision.how} ${decision.node?.name ?? '-'}`;
};

describe('who is let in', () => {
  const joining = {
    id: 'n2',
    name: 'r2',
    addresses: ['10.77.0.12'],
    isRegion: true,
    isRack: false,
    state: 'joining' as const,
  };
  const used = { ...TOKEN, usedByKey: 'mine', usedByNode: 'n2' };
  const cases: [string, Partial<JoinSite>, Applicant, string | RegExp][] = [
    ['a new region node', {}, HOST, 'new -'],
    ['a new rack', {}, RACK, 'new -'],
    ['the same key again', { token: used, nodes: [...SITE.nodes, joining] }, HOST, 'again r2'],
    ['the same key after its join was undone', { token: used }, HOST, 'new -'],
    ['another key', { token: { ...used, usedByKey: 'theirs' } }, HOST, /^unauthenticated: .*used by another host/],
    ['a revoked token', { token: { ...TOKEN, isRevoked: true } }, HOST, /^unauthenticated: .*revoked/],
    ['an expired token', { token: { ...TOKEN, isOver: true } }, HOST, /^unauthenticated: .*expired/],
    ['a wrong token', { token: null }, HOST, `unauthenticated: ${NO_TOKEN.message}`],
    [
      'a rack with a token for regions',
      { token: { ...TOKEN, isRack: false } },
      RACK,
      /^forbidden: .*admits a region, not a rack/,
    ],
    ['a region with a token for racks', { token: { ...TOKEN, isRegion: false } }, HOST, /^forbidden: .*--role region/],
    [
      'another one that joins',
      { nodes: [...SITE.nodes, { ...joining, name: 'r9', addresses: [] }], joiningSince: '2026-02-02' },
      HOST,
      /^too_many_requests: The region node r9 is joining since 2026-02-02/,
    ],
    [
      'another one that joins and has a vote in etcd',
      { nodes: [...SITE.nodes, { ...joining, name: 'r9', addresses: [] }], voters: new Set([joining.id]) },
      HOST,
      'new -',
    ],
    [
      'a rack while a region joins',
      { nodes: [...SITE.nodes, { ...joining, name: 'r9', addresses: [] }] },
      RACK,
      'new -',
    ],
    [
      'a name that a joining node has',
      { nodes: [...SITE.nodes, { ...joining, addresses: [] }] },
      HOST,
      /^conflict: .*node delete r2/,
    ],
    ['a known rack by its place', { racks: [rack()], nodes: [...SITE.nodes, rackNode] }, PLACED, 'return k1'],
    [
      'a known rack that signed with its key',
      { racks: [rack({ publicKey: KEY })], nodes: [...SITE.nodes, rackNode] },
      SIGNED,
      'return k1',
    ],
    [
      "a known rack's UUID",
      { racks: [rack()], nodes: [...SITE.nodes, rackNode] },
      RACK,
      /^conflict: The rack \S+ is the node k1, .*regent node replace k1/,
    ],
    [
      "a known rack's UUID and another key, signed",
      { racks: [rack()], nodes: [...SITE.nodes, rackNode] },
      SIGNED,
      /^conflict: .*regent node replace k1/,
    ],
    [
      "a known rack's UUID and public key",
      { racks: [rack({ publicKey: KEY })], nodes: [...SITE.nodes, rackNode] },
      RACK,
      /^conflict: .*regent node replace k1/,
    ],
    [
      "a known rack's UUID after its key was reset",
      { racks: [rack({ mayRekey: true })], nodes: [...SITE.nodes, rackNode] },
      SIGNED,
      /^conflict: .*regent node replace k1/,
    ],
    ["a node's id as UUID", { nodes: [...SITE.nodes, rackNode] }, SIGNED, /^conflict: .*belongs to the node k1/],
    [
      "another rack's UUID, asked again",
      { token: used, racks: [rack()], nodes: [...SITE.nodes, joining, rackNode] },
      { ...RACK, keyDigest: 'mine' },
      /^conflict: .*regent node replace k1/,
    ],
    [
      'a rack of an earlier release, asked again',
      {
        token: { ...TOKEN, usedByKey: 'mine', usedByNode: UUID },
        racks: [rack()],
        nodes: [...SITE.nodes, rackNode],
      },
      RACK,
      'again k1',
    ],
    [
      'a known rack under another name',
      { racks: [rack()], nodes: [...SITE.nodes, rackNode] },
      { ...PLACED, name: 'r1' },
      'return k1',
    ],
    [
      'a known rack that becomes a region node too',
      { racks: [rack()], nodes: [...SITE.nodes, rackNode] },
      { ...PLACED, isRegion: true },
      'return k1',
    ],
    [
      'a rack that waits and signed with its key',
      { racks: [rack({ state: 'waiting', nodeId: null, acceptedAt: null, publicKey: KEY })] },
      SIGNED,
      'new -',
    ],
    [
      'the UUID of a rack that waits',
      { racks: [rack({ state: 'waiting', nodeId: null, acceptedAt: null })] },
      SIGNED,
      /^conflict: .*waits for an admin.*regent rack delete/,
    ],
    [
      'a rejected rack',
      { racks: [rack({ state: 'rejected', nodeId: null, acceptedAt: null })] },
      RACK,
      /^forbidden: .*rack accept/,
    ],
    ['a copy of a rack', { racks: [rack({ uuid: OTHER, publicKey: KEY })] }, RACK, /^conflict: .*is a copy of it/],
    ['the rack of a region node', { racks: [rack({ nodeId: 'n1' })] }, RACK, /^conflict: .*r1, which is a region node/],
    ['IPv6 beside an IPv4 floating address', {}, { ...HOST, addresses: ['2001:db8::12'] }, /^invalid_value: .*is IPv6/],
    ['the floating address', {}, { ...HOST, addresses: ['10.77.0.10'] }, /^conflict: .*floating address/],
    ['a newer rack', {}, { ...RACK, version: '2.3.2' }, /^conflict: .*not newer/],
  ];
  it.each(cases)('%s', (_name, site, applicant, expected) => {
    const answer = told(site, applicant);
    expect(typeof expected === 'string' ? answer === expected : expected.test(answer), answer).toBe(true);
  });

  it('warns of an even number of region nodes with the reason, and of a host that can never hold the floating address', () => {
    const warnings = (count: number, applicant = HOST) => {
      const nodes = Array.from({ length: count }, (_, index) => ({
        id: `x${index}`,
        name: `x${index}`,
        addresses: [],
        ...member,
      }));
      const decision = decideJoin({ ...SITE, nodes }, applicant);
      return isRejected(decision) ? [] : decision.warnings;
    };
    expect(warnings(1)[0]).toMatch(
      /2 region nodes, an even number\. It survives the loss of 0, no more than with 1.*3 region nodes survive the loss of 1/,
    );
    expect(warnings(2)).toEqual([]);
    expect(warnings(3)[0]).toMatch(
      /4 region nodes.*loss of 1, no more than with 3.*5 region nodes survive the loss of 2/,
    );
    expect(warnings(2, { ...HOST, addresses: ['192.0.2.1'] })).toEqual([expect.stringContaining('can never hold it')]);
    expect(warnings(1, RACK)).toEqual([]);
  });
});

describe('what a host says of itself', () => {
  it('is made canonical or refused', () => {
    expect(parseApplicant({ ...HOST, name: 'R2', addresses: ['2001:DB8:0::1', '2001:db8::1'] })).toMatchObject({
      name: 'r2',
      addresses: ['2001:db8::1'],
    });
    for (const address of [
      '0.0.0.0',
      '127.0.0.1',
      '169.254.1.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      'fe80::1',
      'ff02::1',
      'x',
    ])
      expect(isRejected(parseApplicant({ ...HOST, addresses: [address] })), address).toBe(true);
    for (const name of ['master', 'regent-region', '1', 'a b', ''])
      expect(isRejected(parseApplicant({ ...HOST, name })), name).toBe(true);
    expect(isRejected(parseApplicant({ ...RACK, rack: { ...IDENTITY, uuid: 'x' } }))).toBe(true);
  });
});

describe('releases', () => {
  it('run side by side when they are neighbours', () => {
    const may = (host: string, region: string, role: 'region' | 'rack') => checkRelease(host, region, role) === null;
    for (const host of ['2.3.0', '2.3.9', '2.4.0']) expect(may(host, '2.3.1', 'region'), host).toBe(true);
    for (const host of ['2.2.9', '2.5.0', '3.4.0', 'x']) expect(may(host, '2.3.1', 'region'), host).toBe(false);
    for (const host of ['2.3.1', '2.3.0', '2.2.9']) expect(may(host, '2.3.1', 'rack'), host).toBe(true);
    for (const host of ['2.3.2', '2.4.0', '2.1.0', '1.2.0']) expect(may(host, '2.3.1', 'rack'), host).toBe(false);
    expect([may('3.0.0', '2.9.0', 'region'), may('2.9.0', '3.0.0', 'rack'), may('3.1.0', '2.9.0', 'region')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('whom a certificate names', () => {
  it('is the node as others and itself reach it; a region node also by the floating address', () => {
    const site = { domain: 'example.test', vip: '10.77.0.10/24' };
    const subject = certificateSubject(
      { id: 'n1', name: 'r1', isRegion: true, addresses: ['10.77.0.11', '127.0.0.1'] },
      site,
    );
    expect(subject.dnsNames).toEqual(['r1', 'r1.example.test', 'localhost', 'regent-region']);
    expect(subject.addresses).toEqual(['10.77.0.11', '127.0.0.1', '::1', '10.77.0.10']);
    const rackOnly = certificateSubject({ id: 'k', name: 'k1', isRegion: false, addresses: [] }, site);
    expect(rackOnly.dnsNames).not.toContain('regent-region');
    expect(rackOnly.addresses).toEqual(['127.0.0.1', '::1']);
  });
});
