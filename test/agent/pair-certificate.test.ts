import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFindings } from '../../src/agent/findings.ts';
import { openPairKeeper, type PairKeeper } from '../../src/agent/self/pair-certificate.ts';
import { AppError, isRejected } from '../../src/core/errors.ts';
import type { FileContent } from '../../src/core/host-values.ts';
import { pairAuthorityName } from '../../src/core/node-identity.ts';
import { refuseContent, refuseInstall } from '../../src/host/policy.ts';
import { helperPolicy } from '../../src/main/helper-policy.ts';
import { TRUST_FILES } from '../../src/model/cluster/trust-files.ts';
import { type Authority, serialFrom } from '../../src/pki/authority.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import { signPairAuthority } from '../../src/pki/pair.ts';
import { signPair } from '../../src/pki/sign.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { testAuthority } from '../kit/cluster/pki.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { realClock, realRandom } from '../kit/postgres.ts';
import { memoryLog } from '../kit/virtual-time.ts';

const POLICY = helperPolicy(SERVICES, 'regent-agent', goldenTemplates());
const { pairBundle: BUNDLE, pairCertificate: CERTIFICATE } = TRUST_FILES;
const DAY_MS = 86_400_000;
const [OWN, NEXT] = [pairAuthorityName('1'.repeat(32)), pairAuthorityName('2'.repeat(32))];

let cluster: Authority;
let strange: Authority;
beforeAll(async () => {
  [cluster, strange] = [await testAuthority(), await testAuthority('c2')];
});

let files: Map<string, FileContent>;
let order: string[];
let asked: number;
let wanted: string | null;
let now: number;
let day: number;
let serials: string[];
let reply: (csr: string) => Promise<unknown>;
let findings: ReturnType<typeof openFindings>;
let keeper: PairKeeper;

/** As a region answers. */
async function signed(csr: string, issuer: string, by = cluster) {
  const notBefore = day - 60_000;
  const certificate = await signPair({
    authority: by,
    csr,
    issuer,
    name: 'k1',
    addresses: ['10.77.0.21'],
    serial: serialFrom(realRandom.hex(16)),
    notBefore,
    notAfter: notBefore + 30 * DAY_MS,
  });
  const authority = await signPairAuthority({ authority: by, name: issuer, serial: serialFrom(realRandom.hex(16)) });
  return { certificate, authority };
}

function open(): PairKeeper {
  const beat = Object.assign(() => {}, { end: () => {} });
  const clock = { ...realClock, monotonic: () => now, now: () => day };
  return openPairKeeper({
    ports: { clock, random: realRandom, log: memoryLog(), wait: async () => {}, loop: () => beat },
    channel: {
      pairCertificate: (csr) => {
        asked += 1;
        return reply(csr);
      },
    },
    files: {
      install: async (file) => {
        if ((refuseInstall(POLICY, file) ?? refuseContent(POLICY, file)) !== null)
          throw new AppError('denied', 'the helper refuses it');
        files.set(file.path, file);
        order.push(file.path);
      },
    },
    findings,
    nodeId: 'k1',
    read: async () => files.get(CERTIFICATE.path)?.content ?? null,
    wanted: () => wanted,
    authority: () => cluster.certificate,
    onChange: (serial) => serials.push(serial),
  });
}

beforeEach(() => {
  [files, order, asked, wanted, now, day, serials] = [new Map(), [], 0, OWN, 0, Date.now(), []];
  findings = openFindings(realClock, memoryLog());
  reply = (csr) => signed(csr, wanted ?? '');
  keeper = open();
});
const tendLater = () => {
  now += 600_000;
  return keeper.tend();
};
const told = () => findings.all().map(({ code, sentence }) => `${code}: ${sentence}`);

describe("the agent's keeper of the certificate for DHCP partners", () => {
  it('asks for none on a rack that is in no pair, and for one as soon as it is', async () => {
    wanted = null;
    await keeper.tend();
    expect([asked, keeper.current(), told()]).toEqual([0, null, []]);
    wanted = OWN;
    await keeper.tend();
    await keeper.tend();
    expect([asked, keeper.current()?.issuer, serials.length]).toEqual([1, OWN, 1]);
  });

  it("writes certificate and key for Kea's user alone in one file, then the certificate for itself", async () => {
    await keeper.tend();
    expect(order).toEqual([BUNDLE.path, CERTIFICATE.path]);
    expect(files.get(BUNDLE.path)).toMatchObject({ owner: 'root', group: '_kea', mode: 0o640 });
    expect(files.get(BUNDLE.path)?.content).toContain('PRIVATE KEY');
    expect(files.get(CERTIFICATE.path)?.content).not.toContain('PRIVATE KEY');
  });

  it('renews it at two thirds of its life, each time with a new key', async () => {
    await keeper.tend();
    const before = readCertificate(files.get(CERTIFICATE.path)?.content ?? '');
    day += 19 * DAY_MS;
    await tendLater();
    expect(asked).toBe(1);
    day += 2 * DAY_MS;
    await tendLater();
    const after = readCertificate(files.get(CERTIFICATE.path)?.content ?? '');
    if (isRejected(before) || isRejected(after)) throw new Error('no certificate');
    expect([asked, serials]).toEqual([2, [before.serial, after.serial]]);
    expect(after.publicKeyDigest).not.toBe(before.publicKeyDigest);
  });

  it('asks at once when partners know it by another name, as after a revocation', async () => {
    await keeper.tend();
    wanted = NEXT;
    await keeper.tend();
    expect([asked, keeper.current()?.issuer]).toEqual([2, NEXT]);
  });

  it('knows after a restart what lies there, and asks again where somebody removed or damaged it', async () => {
    await keeper.tend();
    keeper = open();
    await keeper.tend();
    expect([asked, new Set(serials).size]).toEqual([1, 1]);
    files.set(CERTIFICATE.path, { ...CERTIFICATE, content: 'somebody wrote this\n' });
    await keeper.tend();
    files.delete(CERTIFICATE.path);
    await keeper.tend();
    expect(asked).toBe(3);
  });

  it.each<readonly [string, (csr: string) => Promise<unknown>, string]>([
    ['is of no protocol', async () => ({ certificate: 1 }), 'not fit the agent protocol'],
    ['is damaged', async () => ({ certificate: 'x', authority: 'y' }), 'is damaged'],
    ['is by another cluster', (csr) => signed(csr, OWN, strange), 'not signed by the authority of this cluster'],
    ['is by another name', (csr) => signed(csr, NEXT), 'a name that partners do not accept'],
    [
      'is for another key',
      async () => {
        const { createKey } = await import('../../src/pki/key.ts');
        const { createRequest } = await import('../../src/pki/request.ts');
        return signed(await createRequest(await createKey(), 'k1'), OWN);
      },
      'not for the key of this rack',
    ],
    ['does not come', () => Promise.reject(new AppError('region_unreachable', 'nobody answers')), 'nobody answers'],
  ])('takes no answer that %s: a finding tells, and it asks again later', async (_, bad, words) => {
    reply = bad;
    await keeper.tend();
    await keeper.tend();
    expect([asked, order]).toEqual([1, []]);
    expect(told().join()).toContain(words);
    reply = (csr) => signed(csr, OWN);
    await tendLater();
    expect([asked, told(), order.length]).toEqual([2, [], 2]);
  });
});
