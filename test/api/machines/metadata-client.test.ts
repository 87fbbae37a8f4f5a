import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginRun, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Keys, oauth, readPreseed } from '../../kit/preseed.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/**
 * A client over real connections that does what cloud-init's MAAS data source does, in its order: the seed of the kernel's command line, five items, each with
 * a header of its own, then reports without a Content-Type. Its clock is of 1970.
 */

const pg = usePostgres();
let site: TestRegion;
let at: string;
let id: string;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  const body = { hostname: 'm1', interfaces: [{ mac: '52:54:00:00:00:01' }] };
  id = String((await site.call('POST', '/machines', { body })).body.id);
  await pg.get().admin(
    `insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('r1', '127.0.0.1', 1, '52:54:00:00:00:01', 'active', now(), now() + interval '1 hour')`,
    site.connection.database,
  );
  await beginRun(site, id, 'deploying', Buffer.from('#!/bin/sh\necho hello\n'));
  at = await site.api.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => site.close());

interface Item {
  readonly path: string;
  readonly isOptional: boolean;
}
const ITEMS: readonly Item[] = [
  { path: 'meta-data/instance-id', isOptional: false },
  { path: 'meta-data/local-hostname', isOptional: false },
  { path: 'meta-data/public-keys', isOptional: true },
  { path: 'meta-data/vendor-data', isOptional: true },
  { path: 'user-data', isOptional: true },
];

async function crawl(keys: Keys & { readonly metadata_url: string }): Promise<Record<string, string | null>> {
  const found: Record<string, string | null> = {};
  for (const { path, isOptional } of ITEMS) {
    const answer = await fetch(`${keys.metadata_url}2012-03-01/${path}`, {
      headers: { authorization: oauth(keys, 100) },
    });
    const text = await answer.text();
    if (answer.status !== 200 && !(isOptional && answer.status === 404))
      throw new Error(`${path}: ${answer.status} ${text}`);
    found[path] = answer.status === 200 ? text : null;
  }
  return found;
}

describe('a client like cloud-init', () => {
  it('finds its data source, reads all of it, and reports', async () => {
    const seed = await fetch(`${at}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`);
    const { datasource, reporting } = readPreseed(await seed.text()) as unknown as {
      datasource: { MAAS: Keys & { metadata_url: string } };
      reporting: { maas: Keys & { endpoint: string } };
    };
    expect(await crawl(datasource.MAAS)).toEqual({
      'meta-data/instance-id': id,
      'meta-data/local-hostname': 'm1.regent.internal',
      'meta-data/public-keys': '',
      'meta-data/vendor-data': '',
      'user-data': '#!/bin/sh\necho hello\n',
    });
    const report = {
      name: 'modules-final',
      description: 'x',
      event_type: 'finish',
      origin: 'cloudinit',
      timestamp: 1.5,
      result: 'SUCCESS',
    };
    const { maas } = reporting;
    const answer = await fetch(maas.endpoint, {
      method: 'POST',
      headers: { authorization: oauth(maas, 100) },
      // As bytes: a text would get a Content-Type.
      body: Buffer.from(JSON.stringify(report)),
    });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect((await site.call('GET', '/events?kind=machine.status')).raw).toContain('modules-final');
  });

  it('is told of no user data by 404; whose run is over does not wait for its instance’s id, and gets 401 and the date for all else', async () => {
    await beginRun(site, id, 'testing');
    const seed = await fetch(`${at}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`);
    const keys = readPreseed(await seed.text()).datasource.MAAS;
    expect(await crawl(keys)).toMatchObject({ 'user-data': null });
    await beginRun(site, id, null);
    const first = await fetch(`${keys.metadata_url}2012-03-01/meta-data/instance-id`, {
      headers: { authorization: oauth(keys) },
    });
    expect([first.status, await first.text()]).toEqual([200, 'over']);
    const over = await fetch(`${keys.metadata_url}2012-03-01/meta-data/local-hostname`, {
      headers: { authorization: oauth(keys) },
    });
    expect(over.status).toBe(401);
    expect(Math.abs(Date.parse(over.headers.get('date') ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('as small as our own image makes a machine ready: it posts its hardware, and no script is to be run', async () => {
    expect((await site.call('POST', '/machines/m1/commission', { body: {} })).status).toBeLessThan(300);
    const seed = await (await fetch(`${at}/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`)).text();
    // As a shell finds them.
    const word = (name: string) => new RegExp(`^ *${name}: *"?([A-Za-z0-9]*)"? *$`, 'm').exec(seed)?.[1] ?? '';
    const keys = {
      consumer_key: word('consumer_key'),
      token_key: word('token_key'),
      token_secret: word('token_secret'),
    };
    const answer = await fetch(`${at}/MAAS/metadata/inventory/${id}`, {
      method: 'POST',
      headers: { authorization: oauth(keys), 'content-type': 'application/json' },
      body: JSON.stringify({ teller: 'micro 1', memory: { kb: 500_000 } }),
    });
    expect([answer.status, await answer.json()]).toEqual([200, { problems: [], added: [] }]);
    expect((await site.call('GET', '/machines/m1')).body).toMatchObject({ state: 'ready' });
  });
});
