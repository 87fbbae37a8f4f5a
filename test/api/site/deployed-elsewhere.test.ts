import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileObject, SiteFile } from '../../../src/contract/site/export-form.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Answer, startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
let other: TestRegion;
beforeAll(async () => {
  [site, other] = await Promise.all([startTestRegion(pg.get()), startTestRegion(pg.get())]);
});
afterAll(() => Promise.all([site.close(), other.close()]));

const WEB1 = {
  hostname: 'web1',
  domain: 'regent.internal',
  deployed: { owner: 'ada', locked: true },
  interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:01', addresses: [{ address: '10.10.20.11' }] }],
};
const FILE = {
  fabrics: [{ name: 'hall' }],
  vlans: [{ fabric: 'hall', name: 'web', vid: 20 }],
  subnets: [{ cidr: '10.10.20.0/24', vlan: 'hall/web' }],
  users: [{ name: 'ada', role: 'operator' }],
  machines: [WEB1],
} as unknown as SiteFile;

type Role = 'admin' | 'operator';
const apply = (region: TestRegion, content: SiteFile, role: Role = 'admin'): Promise<Answer> =>
  region.call('POST', '/config/apply', { role, body: { site: content } });
const machine = async (region: TestRegion, name = 'web1') => (await region.call('GET', `/machines/${name}`)).body;
const exported = async (region: TestRegion) =>
  ((await region.call('GET', '/config/export')).body as unknown as { site: { machines: FileObject[] } }).site.machines;

describe('a machine that another system has deployed', () => {
  it('is made in the state deployed, with owner, lock and addresses; nobody is ordered to switch it', async () => {
    const applied = await apply(site, FILE);

    expect(applied.status, applied.raw).toBe(200);
    const made = await machine(site);
    expect(made).toMatchObject({ state: 'deployed', owner: 'ada', locked: true, job: null, busy: false });
    expect(made['interfaces']).toMatchObject([{ links: [{ address: '10.10.20.11' }] }]);
    expect((await site.call('GET', '/jobs')).body['items']).toEqual([]);
    expect((await site.call('GET', '/commands')).body['items']).toEqual([]);
    const records = (await site.call('GET', '/config/export')).raw;
    expect(records).toContain('"deployed":{"owner":"ada","locked":true}');
  });

  it('comes out as it went in, and goes into another region with its state', async () => {
    const { body } = await site.call('GET', '/config/export');
    const applied = await apply(other, body['site'] as SiteFile);

    expect(applied.status, applied.raw).toBe(200);
    expect(await exported(other)).toEqual(await exported(site));
    expect(await machine(other)).toMatchObject({ state: 'deployed', owner: 'ada', locked: true });
  });

  it('is never moved by a file: a difference is a note, whichever side is deployed', async () => {
    await apply(site, { ...FILE, machines: [{ hostname: 'new1', domain: 'regent.internal' }] } as unknown as SiteFile);
    const content = { machines: [{ ...WEB1, deployed: { owner: null, locked: false } }] } as unknown as SiteFile;
    const same = await apply(site, content);
    const ready = await apply(site, {
      machines: [{ hostname: 'new1', domain: 'regent.internal', deployed: {} }],
    } as unknown as SiteFile);

    expect(same.body).toMatchObject({ created: 0, changed: 0, unchanged: 1 });
    expect(same.body['notes']).toEqual([
      'The machine web1.regent.internal stays as it is: `deployed` counts only when a machine is made.',
    ]);
    expect(await machine(site)).toMatchObject({ state: 'deployed', owner: 'ada', locked: true });
    expect(ready.body['notes']).toHaveLength(1);
    expect(await machine(site, 'new1')).toMatchObject({ state: 'new', owner: null });
    const left = await apply(site, { machines: [{ ...WEB1, deployed: undefined }] } as unknown as SiteFile);
    expect(left.body).toMatchObject({ unchanged: 1, notes: [] });
  });

  it('is an admin’s to take over, of a user that there is', async () => {
    const content = (deployed: object) =>
      ({ machines: [{ hostname: 'web2', domain: 'regent.internal', deployed }] }) as unknown as SiteFile;
    const byOperator = await apply(site, content({}), 'operator');
    const ofNobody = await apply(site, content({ owner: 'nobody' }));

    expect(byOperator).toMatchObject({ status: 403 });
    expect(byOperator.body.detail).toContain('only an admin takes over');
    expect(ofNobody.body.detail).toContain('There is no user "nobody"');
    expect((await site.call('GET', '/machines/web2')).status).toBe(404);
  });

  it('is locked until somebody unlocks it, and can be released then', async () => {
    expect((await site.call('POST', '/machines/web1/release', { body: {} })).status).toBe(409);
    expect((await site.call('DELETE', '/machines/web1')).status).toBe(409);
    expect((await site.call('POST', '/machines/web1/unlock', { body: {} })).status).toBe(202);
    expect((await site.call('POST', '/machines/web1/release', { body: {} })).status).toBe(202);
  });
});
