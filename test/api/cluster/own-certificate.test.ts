import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../../src/agent/channel/channel.ts';
import { rejected } from '../../../src/core/errors.ts';
import { publicKeyOf } from '../../../src/core/signature.ts';
import { openCertificateAuthority } from '../../../src/main/region/certificate-authority.ts';
import { isSignedBy, readCertificate } from '../../../src/pki/certificate.ts';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { createOwnCertificateTask, renewOwnCertificate } from '../../../src/region/cluster/trust/renewal.ts';
import {
  findCertificate,
  recordCertificate,
  revokeCertificate,
} from '../../../src/store/queries/cluster/certificates.ts';
import { openNodeCertificate } from '../../kit/cluster/node-certificate.ts';
import { type TestIdentity, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { anObservation } from '../../kit/observation.ts';
import { realClock, realRandom, usePostgres } from '../../kit/postgres.ts';
import { rackKey } from '../../kit/rack.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const DAY = 86_400_000;
const UUID = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
/** Off for forty days. */
const EXPIRED = { notBefore: Date.now() - 40 * DAY, addresses: ['10.77.0.11', '127.0.0.1', '::1'] };
const pg = usePostgres();
const open: RegionChannel[] = [];
let site: TrustedRegion;
let isOwnHost = true;
beforeEach(async () => {
  isOwnHost = true;
  site = await startTrustedRegion(pg.get(), { own: EXPIRED, isOwnHost: () => isOwnHost });
});
afterEach(async () => {
  for (const channel of open.splice(0)) channel.close();
  await site.close();
});

/** The agent of a host: the files of its certificate in `folder`, the region's socket there, and no other way. */
async function anAgent(folder: string, nodeId = 'r1', signer: { uuid: string; privateKey: string } | null = null) {
  const at = (name: string) => join(folder, name);
  const { trust, findings, put, keeper } = await openNodeCertificate({ nodeId, at });
  const channel = openChannel({
    urls: signer ? [`unix:${at('agent.sock')}`] : [],
    credential: null,
    rack: signer && { ...signer, clock: realClock },
    trust: () => trust.current(),
    clock: realClock,
    random: realRandom,
    agentPort: site.process.secureAgentPort ?? 0,
    ...(signer ? {} : { hostSocket: at('agent.sock') }),
  });
  channel.setRegions([{ address: '127.0.0.1' }]);
  open.push(channel);
  const told = () => findings.all().map(({ sentence }) => sentence);
  return { keeper: keeper(channel), trust, channel, told, put };
}

const authorityOf = (folder: string, now = () => Date.now()) => {
  const at = (name: string) => join(folder, name);
  const files = { certificate: at('ca.crt'), key: at('ca.key'), secrets: at('secrets.json'), own: at('node.crt') };
  return openCertificateAuthority(files, { clock: { ...realClock, now }, random: realRandom });
};
const record = async (identity: TestIdentity, nodeId: string) => {
  const facts = readCertificate(identity.certificate);
  const serial = 'serial' in facts ? facts.serial : '';
  const certificate = { serial, nodeId, notBefore: Date.now() - DAY, notAfter: Date.now() + DAY };
  value(await change(site.db, (tx) => recordCertificate(tx, certificate)));
  return serial;
};
const revoke = (serial: string) => change(site.db, (tx) => revokeCertificate(tx, serial, 'lost')).then(value);
const stateOf = async (serial: string) =>
  value(await site.db.read(async (tx) => ({ row: await findCertificate(tx, serial) }))).row?.state;

describe('a region node that was off for longer than its certificate lives', () => {
  it('gets the same again from its own region without a database, which is written down later', async () => {
    const cold = await startTrustedRegion(pg.get(), { of: site, own: EXPIRED, isCold: true, isOwnHost: () => true });
    const { keeper, trust, told } = await anAgent(cold.folder);
    const before = trust.current();
    expect(before?.isUsable).toBe(false);
    await keeper.tend();
    const after = trust.current();
    expect(told()).toEqual([]);
    expect(after?.isUsable).toBe(true);
    expect(after?.facts).toMatchObject({
      nodeId: 'r1',
      isRegion: true,
      publicKeyDigest: before?.facts.publicKeyDigest,
    });
    const text = await readFile(join(cold.folder, 'node.crt'), 'utf8');
    expect(isSignedBy(text, site.authority.certificate)).toBe(true);
    const own = await authorityOf(cold.folder).held();
    expect(own?.subject).toMatchObject({ dnsNames: ['r1', 'regent-region'], addresses: EXPIRED.addresses });
    const task = createOwnCertificateTask(site.db, authorityOf(cold.folder));
    expect(await task.run()).toContain('which r1 got without the database, was written down');
    expect(await task.run()).toBeNull();
    await until('the region shows it', async () => {
      const list = await callSecure({
        port: cold.process.secureAgentPort,
        ca: site.authority.certificate,
        identity: { certificate: text, key: cold.own.key, authority: site.authority.certificate },
        path: '/health/live',
      });
      return list.status === 200;
    });
    expect(await stateOf(after?.facts.serial ?? '')).toBe('good');
    await cold.close();
  }, 30_000);

  it('gets one by the database where that is there, and none when an admin has revoked its last one', async () => {
    const { keeper, trust } = await anAgent(site.folder);
    await keeper.tend();
    const serial = trust.current()?.facts.serial ?? '';
    expect(trust.current()?.isUsable).toBe(true);
    expect(await stateOf(serial)).toBe('good');
    await revoke(serial);
    const csr = await createRequest(site.own.key, 'r1');
    const { db } = site;
    const answer = await renewOwnCertificate({ db, authority: authorityOf(site.folder), check: () => null }, csr);
    expect(answer).toMatchObject({ kind: 'rejected', code: 'forbidden' });
  });

  it('that signed for itself after it was shut out is revoked as soon as the database is back', async () => {
    await revoke(await record(await testIdentity(site.authority, { nodeId: 'r1', isRegion: true }), 'r1'));
    // Where no region looks at it.
    const folder = await mkdtemp(join(tmpdir(), 'regent-own-'));
    const own = await testIdentity(site.authority, { nodeId: 'r1', isRegion: true });
    await writeFile(join(folder, 'ca.crt'), own.authority);
    await writeFile(join(folder, 'node.crt'), own.certificate);
    expect(await createOwnCertificateTask(site.db, authorityOf(folder)).run()).toContain(
      'was written down and revoked',
    );
    const facts = readCertificate(own.certificate);
    expect(await stateOf('serial' in facts ? facts.serial : '')).toBe('revoked');
    await rm(folder, { recursive: true });
  });

  it('gets none for another key, by another process, with a revoked one, or by a clock of long ago', async () => {
    const authority = authorityOf(site.folder);
    const { db } = site;
    const ports = { db, authority, check: () => null };
    const csr = await createRequest(site.own.key, 'r1');
    expect(await renewOwnCertificate(ports, await createRequest(await createKey(), 'r1'))).toMatchObject({
      code: 'forbidden',
    });
    const check = () => rejected('forbidden', 'revoked');
    expect(await renewOwnCertificate({ ...ports, check }, csr)).toMatchObject({ message: 'revoked' });
    const early = authorityOf(site.folder, () => Date.UTC(2020, 0, 1));
    const answer = await renewOwnCertificate({ ...ports, authority: early }, csr);
    expect(answer).toMatchObject({ code: 'conflict', message: expect.stringMatching(/clock says 2020-01-01/) });
    const elsewhere = openChannel({
      urls: [],
      credential: null,
      rack: null,
      hostSocket: join(site.folder, 'none.sock'),
      clock: realClock,
      random: realRandom,
    });
    open.push(elsewhere);
    await expect(elsewhere.certify(csr)).rejects.toThrow(/^no region is known(?:(?!none\.sock).)*$/);
    isOwnHost = false;
    const { keeper, trust, told } = await anAgent(site.folder);
    await keeper.tend();
    expect(trust.current()?.isUsable).toBe(false);
    expect(told().join()).toContain('Only root of this host may ask here');
  });
});

describe('a rack whose certificate has ended', () => {
  it('gets another by its signature, unless an admin revoked the last one', async () => {
    await site.close();
    site = await startTrustedRegion(pg.get());
    const signer = { uuid: UUID, privateKey: rackKey() };
    const identity = await testIdentity(site.authority, { nodeId: UUID, ...EXPIRED });
    const folder = await mkdtemp(join(tmpdir(), 'regent-rack-'));
    await writeFile(join(folder, 'ca.crt'), identity.authority);
    await writeFile(join(folder, 'node.crt'), identity.certificate);
    await writeFile(join(folder, 'node.key'), identity.key);
    await symlink(join(site.folder, 'agent.sock'), join(folder, 'agent.sock'));
    const { keeper, trust, channel, put } = await anAgent(folder, UUID, signer);
    const rack = { uuid: UUID, name: 'k1', publicKey: publicKeyOf(signer.privateKey) };
    await channel.register(rack);
    expect(await site.asAdmin('POST', `/racks/${UUID}/accept`, { name: 'k1' })).toMatchObject({ status: 200 });
    await keeper.tend();
    const good = trust.current();
    expect(good?.isUsable).toBe(true);
    expect(good?.facts).toMatchObject({ nodeId: UUID, isRegion: false });
    await channel.report(anObservation(UUID));
    await site.asAdmin('POST', `/certificates/${good?.facts.serial}/revoke`, { why: 'lost' });
    await put('node.crt', identity.certificate);
    await keeper.tend();
    const csr = await createRequest(identity.key, UUID);
    await expect(channel.certify(csr)).rejects.toMatchObject({ code: 'region_denied' });
    await expect(channel.certify(csr)).rejects.toThrow('was revoked');
    expect(trust.current()?.facts.serial).not.toBe(good?.facts.serial);
    await rm(folder, { recursive: true });
  });
});
