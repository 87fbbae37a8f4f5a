import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { readCertificate } from '../../../src/pki/certificate.ts';
import { recordCertificate, revokeCertificate } from '../../../src/store/queries/cluster/certificates.ts';
import { readInnerTrust, storeInnerTrust } from '../../../src/store/queries/cluster/inner-trust.ts';
import { testAuthority, type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

/** Security S6: regiond's own port for load balancers and regions (5251), and what it signs for the daemons beside it. */

const pg = usePostgres();
let site: TrustedRegion;
const lines: string[] = [];
const callers: Record<string, TestIdentity> = {};

const factsOf = (identity: TestIdentity) => {
  const facts = readCertificate(identity.certificate);
  if (isRejected(facts)) throw new Error(facts.message);
  return facts;
};
const detailOf = (body: Readonly<Record<string, unknown>>) =>
  typeof body['detail'] === 'string' ? body['detail'] : '';
const inner = async () => value(await site.db.read(readInnerTrust));

beforeAll(async () => {
  site = await startTrustedRegion(pg.get());
  for (const [who, isRegion] of [
    ['a region node', true],
    ['a rack', false],
    ['a removed rack', false],
    ['a revoked region node', true],
  ] as const) {
    const identity = await testIdentity(site.authority, { nodeId: who.replaceAll(' ', '-'), isRegion });
    callers[who] = identity;
    const { serial, nodeId, notBefore, notAfter } = factsOf(identity);
    value(
      await change(site.db, async (tx) => {
        await recordCertificate(tx, { serial, nodeId: nodeId ?? '', notBefore, notAfter });
        if (who.includes('re') && who !== 'a region node') await revokeCertificate(tx, serial, 'removed');
        return null;
      }),
    );
  }
  callers['a region node of another cluster'] = await testIdentity(await testAuthority('c2'), {
    nodeId: 'r1',
    isRegion: true,
  });
});
afterAll(async () => {
  console.log(['security S6: port 5251 of a region node', ...lines].join('\n'));
  await site.close();
});

describe('security S6: port 5251', () => {
  const EXPECTED: Readonly<Record<string, readonly [status: number, words: string]>> = {
    'a region node': [401, 'There is no API key'],
    'a rack': [403, 'This port is only for region nodes'],
    'a removed rack': [403, 'This port is only for region nodes'],
    'a revoked region node': [403, 'The certificate was revoked'],
    'a region node of another cluster': [0, ''],
  };
  it.each(Object.keys(EXPECTED))('%s', async (who) => {
    const [status, words] = EXPECTED[who]!;
    const ask = () =>
      callSecure({
        port: site.process.apiPort,
        ca: site.authority.certificate,
        identity: callers[who],
        path: '/api/v1/nodes',
      });
    // The list of revoked certificates is read again after each commit.
    await until('the answer is the last one', async () => (await ask()).status === status).catch(() => null);
    const answer = await ask();
    lines.push(`GET /api/v1/nodes as ${who} → ${answer.status || 'no connection'} ${detailOf(answer.body)}`);
    expect(answer.status).toBe(status);
    expect(detailOf(answer.body)).toContain(words);
  });
});

describe('what the daemons beside it let in by', () => {
  it('is signed by itself, with each revocation, and keeps its certificate', async () => {
    await until('it is signed', async () => (await inner()) !== null);
    const serials = ['a removed rack', 'a revoked region node'].map((who) => factsOf(callers[who]!).serial).sort();
    const wanted = async (list: readonly string[]) => JSON.stringify((await inner())?.serials) === JSON.stringify(list);
    await until('it has who is revoked', () => wanted(serials));
    const first = await inner();
    const rack = factsOf(callers['a rack']!).serial;
    value(await change(site.db, (tx) => revokeCertificate(tx, rack, 'stolen')));
    await until('it has the next one at once', () => wanted([...serials, rack].sort()), { deadlineMs: 8000 });
    expect((await inner())?.authority).toBe(first?.authority);
    expect((await inner())?.revocations).not.toBe(first?.revocations);
  });

  it('is signed again where it is of another authority', async () => {
    const before = await inner();
    const strange = await testAuthority('c3');
    value(
      await site.db.repeatable(
        async (tx) => (await storeInnerTrust(tx, { ...before!, authority: strange.certificate }), null),
      ),
    );
    await until('it is ours again', async () => (await inner())?.authority !== strange.certificate, {
      deadlineMs: 30_000,
    });
  });
});
