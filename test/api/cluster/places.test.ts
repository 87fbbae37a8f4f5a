import { generateKeyPairSync } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JoinRequest } from '../../../src/contract/cluster/join.ts';
import { parseJoinToken } from '../../../src/contract/cluster/token.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { publicKeyOf } from '../../../src/core/signature.ts';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { changingRacks } from '../../../src/region/cluster/trust/rack-node.ts';
import { vacateNode } from '../../../src/region/cluster/trust/vacate.ts';
import { isShutOut } from '../../../src/store/queries/cluster/certificates.ts';
import { findNode, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { listRacks } from '../../../src/store/queries/cluster/racks.ts';
import { type TestIdentity, testAuthority, testIdentity } from '../../kit/cluster/pki.ts';
import { callSecure, type SecureAnswer } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TrustedRegion;
beforeEach(async () => {
  site = await startTrustedRegion(pg.get(), { vip: '10.77.0.10/24' });
});
afterEach(() => site.close());

const UUIDS = ['6f9619ff-8b86-4011-b42d-00cf4fc964ff', '7f9619ff-8b86-4011-b42d-00cf4fc964ff'] as const;
const REGION = { isRegion: true, isRack: false };
const RACK = { isRegion: false, isRack: true };
const BOTH = { isRegion: true, isRack: true };
const VIA = { 'x-forwarded-for': '192.0.2.77', 'x-forwarded-proto': 'https' };
const rackKey = () =>
  publicKeyOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const api = (path: string, body: object, headers: Record<string, string> = {}) =>
  callSecure({
    port: site.process.apiPort,
    ca: site.authority.certificate,
    identity: site.own,
    path: `/api/v1${path}`,
    body,
    headers: { ...VIA, ...headers },
  });
const told = ({ status, body }: SecureAnswer) => `${status} ${typeof body['code'] === 'string' ? body['code'] : 'ok'}`;

interface Host {
  readonly key: string;
  readonly identity: TestIdentity;
  readonly answer: SecureAnswer;
}
type Roles = typeof REGION;
/** A host joins with this token; `number`: of its address, and which UUID it has as a rack. */
async function joins(
  authorization: string,
  name: string,
  roles: Roles,
  { number, key }: { readonly number: number; readonly key?: string },
): Promise<Host> {
  const own = key ?? (await createKey());
  const rack = roles.isRack ? { uuid: UUIDS[number % 2] ?? '', publicKey: rackKey() } : null;
  const csr = await createRequest(own, name);
  const wish: JoinRequest = { name, addresses: [`10.77.0.${number}`], ...roles, version: '1.4.2', rack, csr };
  const answer = await api('/join', wish, { authorization });
  const identity = { certificate: String(answer.body['certificate']), authority: site.authority.certificate, key: own };
  return { key: own, identity, answer };
}
/** The same, and it carries its part. */
async function joined(name: string, roles: Roles, number: number): Promise<Host> {
  const host = await joins(await site.token(roles), name, roles, { number });
  expect(told(host.answer), String(host.answer.body['detail'])).toBe('200 ok');
  await change(site.db, (tx) => updateNode(tx, { key: String(host.answer.body['nodeId']) }, { state: 'member' }));
  return host;
}
const goes = async (name: string, isPlaceKept: boolean) =>
  value(
    await change(site.db, (tx) =>
      changingRacks(tx, async () => {
        const node = await findNode(tx, { name });
        if (!node) throw new Error(`no node ${name}`);
        return vacateNode(tx, node, { isPlaceReserved: isPlaceKept, by: 'ada', why: 'it was lost' });
      }),
    ),
  );
const placeToken = async (place: string, roles: Roles) => {
  const { body } = await site.asAdmin('POST', '/tokens', { ...roles, place });
  const token = parseJoinToken(String(body['token']));
  if (isRejected(token)) throw new Error(JSON.stringify(body));
  expect(body).toMatchObject({ place, state: 'open' });
  return `Bearer ${token.id}:${token.secret}`;
};
const places = async () =>
  ((await site.asAdmin('GET', '/places')).body['items'] as { name: string }[]).map(({ name }) => name);
const nodeNamed = (name: string) =>
  site.db.read((tx) => findNode(tx, { name }).then((row) => row ?? { id: null })).then(value);
const isMember = async ({ identity, key }: Host) => {
  const body = { csr: await createRequest(key, 'regent leave'), certificate: identity.certificate };
  return (await api('/join/membership', body)).body['isMember'];
};
const asAgent = (identity: TestIdentity) =>
  callSecure({
    port: site.process.secureAgentPort,
    ca: site.authority.certificate,
    identity,
    path: '/agent/v1/desired',
  });

describe('the place of a region node that was lost', () => {
  it('is kept under its name, and its own token lets another host in under it', async () => {
    const lost = await joined('r2', REGION, 12);
    expect(await isMember(lost)).toBe(true);
    expect(await goes('r2', true)).toBe(1);
    expect([await places(), (await nodeNamed('r2')).id]).toEqual([['r2'], null]);
    expect(await isMember(lost)).toBe(false);
    const stranger = await joins(await site.token(REGION), 'r2', REGION, { number: 13 });
    expect(told(stranger.answer)).toBe('409 conflict');
    expect(stranger.answer.body['detail']).toMatch(/The name r2 is reserved .*regent node replace r2/);
    const authorization = await placeToken('r2', REGION);
    const heir = await joins(authorization, 'spare', REGION, { number: 19 });
    expect(heir.answer, String(heir.answer.body['detail'])).toMatchObject({ status: 200, body: { name: 'r2' } });
    expect(await nodeNamed('r2')).toMatchObject({ state: 'joining', addresses: ['10.77.0.19'] });
    expect(heir.answer.body['nodeId']).not.toBe(lost.answer.body['nodeId']);
    // Until it carries its part: another one may have to take it.
    expect(await places()).toEqual(['r2']);
    const again = await joins(authorization, 'spare', REGION, { number: 19, key: heir.key });
    expect(again.answer).toMatchObject({ status: 200, body: { nodeId: heir.answer.body['nodeId'] } });
    expect([await isMember(heir), await isMember(lost)]).toEqual([true, false]);
    expect(await goes('r2', true)).toBeGreaterThan(0);
    expect([await places(), (await nodeNamed('r2')).id]).toEqual([['r2'], null]);
  });

  it('that is given up lets in nobody, and its name is free', async () => {
    await joined('r2', REGION, 12);
    await goes('r2', true);
    const authorization = await placeToken('r2', REGION);
    expect(await site.asAdmin('DELETE', '/places/r2')).toMatchObject({ status: 200, body: { name: 'r2' } });
    expect(told(await site.asAdmin('DELETE', '/places/r2'))).toBe('404 not_found');
    const late = await joins(authorization, 'r2', REGION, { number: 19 });
    expect(told(late.answer)).toBe('409 conflict');
    expect(late.answer.body['detail']).toMatch(/The place of r2 is no longer reserved/);
    expect((await joined('r2', REGION, 12)).answer.status).toBe(200);
  });

  it('has a token for what it was alone', async () => {
    await joined('r2', REGION, 12);
    expect(told(await site.asAdmin('POST', '/tokens', { ...REGION, place: 'r2' }))).toBe('404 not_found');
    await goes('r2', true);
    expect(told(await site.asAdmin('POST', '/tokens', { ...BOTH, place: 'r2' }))).toBe('422 invalid_value');
  });

  it('shuts the lost host out of every call', async () => {
    const lost = await joined('r2', REGION, 12);
    expect((await asAgent(lost.identity)).status).not.toBe(403);
    await goes('r2', false);
    await until('the revocation to be in force', async () =>
      [401, 403].includes((await asAgent(lost.identity)).status),
    );
    expect(await places()).toEqual([]);
  });
});

describe('the place of a rack that was lost', () => {
  it('keeps its row, so its VLANs and its number; its host is that rack, with a key of its own', async () => {
    const lost = await joined('k1', RACK, 20);
    await goes('k1', true);
    expect(await nodeNamed('k1')).toMatchObject({ id: UUIDS[0], isRack: true });
    expect(await isMember(lost)).toBe(false);
    // Its key is known still: no certificate is given for its signature.
    const isOut = async () => value(await site.db.read(async (tx) => ({ is: await isShutOut(tx, UUIDS[0]) })));
    expect(await isOut()).toEqual({ is: true });
    const heir = await joins(await placeToken('k1', RACK), 'spare', RACK, { number: 29 });
    expect(heir.answer, String(heir.answer.body['detail'])).toMatchObject({
      status: 200,
      body: { name: 'k1', nodeId: UUIDS[0], rackUuid: UUIDS[0] },
    });
    expect(await nodeNamed('k1')).toMatchObject({ addresses: ['10.77.0.29'], state: 'member' });
    expect(await places()).toEqual([]);
    expect([await isMember(heir), await isMember(lost), await isOut()]).toEqual([true, false, { is: false }]);
    expect(value(await site.db.read(listRacks)).map(({ uuid, state }) => [uuid, state])).toEqual([
      [UUIDS[0], 'accepted'],
    ]);
  });

  it('of a host that was a region node, too, is taken whole', async () => {
    const lost = await joined('x1', BOTH, 20);
    await goes('x1', true);
    expect(await nodeNamed('x1')).toMatchObject({ isRegion: false, isRack: true });
    const heir = await joins(await placeToken('x1', BOTH), 'spare', BOTH, { number: 29 });
    expect(heir.answer, String(heir.answer.body['detail'])).toMatchObject({ status: 200, body: { name: 'x1' } });
    expect(heir.answer.body['secrets']).not.toBeNull();
    expect(await nodeNamed('x1')).toMatchObject({
      isRegion: true,
      isRack: true,
      state: 'joining',
      addresses: ['10.77.0.29'],
    });
    expect(await isMember(lost)).toBe(false);
  });
});

describe('a rack that is taken out', () => {
  it('leaves its VLANs to its partner; that of which it is the only one keeps it', async () => {
    await joined('k1', RACK, 20);
    await joined('k2', RACK, 21);
    const [first, second] = UUIDS;
    const pairs = (primary: string, secondary: string | null, isOn: boolean) =>
      change(site.db, (tx) =>
        tx.run(sql`update vlans set primary_rack_id = ${primary}, secondary_rack_id = ${secondary}, dhcp_on = ${isOn}
          where id = (select min(id) from vlans)`),
      );
    await pairs(first, second, false);
    await goes('k1', false);
    const vlan = async () =>
      value(
        await site.db.read((tx) =>
          tx.one(sql<{ primary: string | null; secondary: string | null }>`
            select primary_rack_id as primary, secondary_rack_id as secondary from vlans order by id limit 1`),
        ),
      );
    expect(await vlan()).toEqual({ primary: second, secondary: null });
    expect((await nodeNamed('k1')).id).toBeNull();
    expect(value(await site.db.read(listRacks)).map(({ name }) => name)).toEqual(['k2']);
    await goes('k2', false);
    expect(await vlan()).toEqual({ primary: null, secondary: null });
  });
});

describe('the question whether a host is a node', () => {
  it('needs a certificate of this cluster and a request of its key, made to leave', async () => {
    const host = await joined('r2', REGION, 12);
    const other = await testAuthority();
    const strange = await testIdentity(other, { nodeId: 'r2', isRegion: true });
    const ask = async (key: string, certificate: string, name = 'regent leave') =>
      told(await api('/join/membership', { csr: await createRequest(key, name), certificate }));
    expect(await ask(host.key, host.identity.certificate)).toBe('200 ok');
    expect(await ask(host.key, host.identity.certificate, 'regent leave --undo')).toBe('422 invalid_value');
    expect(await ask(await createKey(), host.identity.certificate)).toBe('422 invalid_value');
    expect(await ask(strange.key, strange.certificate)).toBe('422 invalid_value');
    expect(told(await api('/join/membership', {}, { 'x-forwarded-proto': 'http' }))).toBe('403 forbidden');
  });
});
