import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostObservation } from '../../../src/contract/cluster/agent.ts';
import { PAIR_CERTIFICATE_PATH } from '../../../src/contract/cluster/join.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { isSignedBy, issuerOf, readCertificate } from '../../../src/pki/certificate.ts';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { recordCertificate, revokeCertificate } from '../../../src/store/queries/cluster/certificates.ts';
import { readPairAuthorities } from '../../../src/store/queries/cluster/pair-authorities.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { anObservation } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

/** Security S13: certificates for DHCP servers of racks: who gets one, by which name partners know them, and what a revocation does. */

const pg = usePostgres();
let site: TrustedRegion;
const nodes: Record<string, TestIdentity> = {};
const lines: string[] = [];

const known = async (id: string) => value(await site.db.read(readPairAuthorities)).find(({ nodeId }) => nodeId === id);
const serialOf = (identity: TestIdentity) => {
  const facts = readCertificate(identity.certificate);
  if (isRejected(facts)) throw new Error(facts.message);
  return facts;
};
const compiled = async () => {
  const { pairAuthorities = [], observed } = value(await site.db.read(readSnapshot));
  return { able: pairAuthorities.filter((one) => one.isAble).map((one) => one.nodeId), observed };
};
const HOST: HostObservation = { certificate: null, disks: [], roles: { vip: null, database: null } };
const report = async (id: string, host?: HostObservation) =>
  value(
    await site.db.repeatable(async (tx) => {
      await storeObservation(tx, { id, name: id }, anObservation(id, host === undefined ? {} : { host }));
      return null;
    }),
  );

async function ask(who: string, csr: string) {
  const port = site.process.secureAgentPort ?? 0;
  const identity = nodes[who];
  const to = { port, ca: site.authority.certificate, method: 'POST', path: PAIR_CERTIFICATE_PATH, body: { csr } };
  const answer = await callSecure({ ...to, ...(identity ? { identity } : {}) });
  const words = answer.status === 200 ? 'a certificate' : JSON.stringify(answer.body);
  lines.push(`${who} → ${answer.status || 'no connection'} ${words}`);
  return answer;
}

beforeAll(async () => {
  site = await startTrustedRegion(pg.get());
  for (const [id, isRack, isRegion] of [
    ['k1', true, false],
    ['k2', true, false],
    ['r9', false, true],
  ] as const) {
    nodes[id] = await testIdentity(site.authority, { nodeId: id, isRegion });
    const { serial, notBefore, notAfter } = serialOf(nodes[id]);
    value(
      await change(site.db, async (tx) => {
        const address = id === 'k1' ? '10.77.0.21' : id === 'k2' ? '10.77.0.22' : '10.77.0.19';
        await createNode(tx, { id, name: id, isRegion, isRack, addresses: [address] });
        await recordCertificate(tx, { serial, nodeId: id, notBefore, notAfter });
        return null;
      }),
    );
  }
});
afterAll(async () => {
  process.stdout.write(`\nsecurity S13: who gets a certificate for DHCP partners\n${lines.join('\n')}\n`);
  await site.close();
});

describe('security S13: certificates for DHCP partners', () => {
  it('each rack has an authority of its own, a region node none', async () => {
    await until('they are signed', async () => (await known('k1')) !== undefined && (await known('k2')) !== undefined);
    const [one, two] = [await known('k1'), await known('k2')];
    expect(await known('r9')).toBeUndefined();
    expect(one?.name).not.toBe(two?.name);
    expect(site.authority.certificate).not.toBe(one?.certificate);
  });

  it('a rack gets one, which only its own authority vouches for', async () => {
    const csr = await createRequest(await createKey(), 'whatever it says');
    const { status, body } = await ask('k1', csr);
    expect(status).toBe(200);
    const certificate = String(body['certificate']);
    const [one, two] = [await known('k1'), await known('k2')];
    expect(body['authority']).toBe(one?.certificate);
    expect(issuerOf(certificate)).toBe(one?.name);
    expect(readCertificate(certificate)).toMatchObject({ commonName: 'k1', nodeId: null, isRegion: false });
    const judges = [one?.certificate, two?.certificate, site.authority.certificate];
    expect(judges.map((judge) => isSignedBy(certificate, judge ?? ''))).toEqual([true, false, false]);
  });

  it.each([
    ['r9', 403, 'This node is not a rack'],
    ['nobody', 0, ''],
  ])('%s gets none', async (who, status, words) => {
    const answer = await ask(who, await createRequest(await createKey(), 'k1'));
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(words);
  });

  it('compilers learn of a rack that holds one, and of a release that does not', async () => {
    const name = (await known('k1'))?.name ?? '';
    const held = { serial: '01', notAfter: '2027-01-01T00:00:00.000Z' };
    const first = await compiled();
    expect(first.able).toEqual([]);
    await report('k1');
    await report('k1', { ...HOST, pairCertificate: null });
    await report('k1', { ...HOST, pairCertificate: { ...held, issuer: 'another name' } });
    expect(await compiled()).toEqual(first);
    await report('k1', { ...HOST, pairCertificate: { ...held, issuer: name } });
    const second = await compiled();
    expect(second.able).toEqual(['k1']);
    expect(second.observed).toBeGreaterThan(first.observed);
    // A start of its agent tells nothing; a certificate that is away for a moment is no other release.
    await report('k1');
    await report('k1', { ...HOST, pairCertificate: null });
    expect(await compiled()).toEqual(second);
    await report('k1', HOST);
    expect((await compiled()).able).toEqual([]);
    await report('k1', { ...HOST, pairCertificate: { ...held, issuer: name } });
  });

  it('a revocation ends the name by which partners knew it, and never leads back to clear text', async () => {
    const before = await known('k1');
    const csr = await createRequest(await createKey(), 'k1');
    const old = String((await ask('k1', csr)).body['certificate']);
    expect(isSignedBy(old, before?.certificate ?? '')).toBe(true);

    value(await change(site.db, (tx) => revokeCertificate(tx, serialOf(nodes['k1']!).serial, 'stolen')));

    await until('it is known by another name', async () => (await known('k1'))?.name !== before?.name);
    const after = await known('k1');
    expect(after?.isAble).toBe(true);
    expect(isSignedBy(old, after?.certificate ?? '')).toBe(false);
    const refused = async () => (await ask('k1', csr)).status === 403;
    await until('a revoked rack gets none', refused);
    expect((await known('k2'))?.isAble).toBe(false);
  });
});
