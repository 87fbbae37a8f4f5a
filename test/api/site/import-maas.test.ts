import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportReport } from '../../../src/cli/import/report.ts';
import type { FileObject, SiteFile } from '../../../src/contract/site/export-form.ts';
import { FEATURES } from '../../../src/model/cluster/cluster.ts';
import { SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { recordedMaas } from '../../kit/maas-recorded.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { exampleText, siteOf } from '../../kit/site-file.ts';
import { run } from '../../unit/cli/fake-region.ts';

const pg = usePostgres();
let [old, fresh]: [TestRegion | null, TestRegion | null] = [null, null];
let folder: string;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-import-'));
  [old, fresh] = await Promise.all([startSite(), startSite()]);
  url = await old.api.listen({ host: '127.0.0.1', port: 0 });
  await writeFile(join(folder, 'key'), `${old.keys.admin}\n`);
});
afterAll(async () => {
  await Promise.all([old?.close(), fresh?.close()]);
  await rm(folder, { recursive: true, force: true });
});
/** A region all of whose nodes have this release. */
async function startSite(): Promise<TestRegion> {
  const made = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  const values = FEATURES.map((name) => `('${name}')`).join(', ');
  await pg.get().admin(`insert into features (name) values ${values} on conflict do nothing`, made.connection.database);
  return made;
}
const sites = () => {
  if (old === null || fresh === null) throw new Error('no regions');
  return { old, fresh };
};

/** The site that is taken over: the example of the operators' page with a deployed machine. */
function example(): SiteFile {
  const text = exampleText()
    .replace('env:NS_PARTNER_SECRET', 'c2VjcmV0')
    .replace('file:web1-bmc.secret', 'planted-pass');
  const { machines = [], ...rest } = siteOf(text);
  const deployed = (machines as readonly FileObject[]).map((machine) => ({
    ...machine,
    deployed: { owner: 'ada', locked: true },
  }));
  return {
    ...rest,
    'tsig-keys': [],
    domains: [{ name: 'example.test', ttl: 300 }],
    machines: deployed,
  } as unknown as SiteFile;
}

/** Real files. */
const files = {
  readFile: (path: string) => readFile(path, 'utf8').catch(() => null),
  replaceFile: async (path: string, content: Uint8Array | string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  },
  now: () => Date.now(),
};
const importMaas = (...more: string[]) =>
  run(
    null,
    ['import', 'maas', url, '--key-file', join(folder, 'key'), '--folder', join(folder, 'out'), ...more],
    files,
  );
const read = (name: string) => readFile(join(folder, 'out', name), 'utf8');
const exported = async (region: TestRegion) =>
  ((await region.call('GET', '/config/export')).body as unknown as { site: Record<string, FileObject[]> }).site;

describe('a second region as the MAAS that is taken over', () => {
  it('is read into files that make an empty region what the old one is', async () => {
    const made = await sites().old.call('POST', '/config/apply', { body: { site: example() } });
    expect(made.status, made.raw).toBe(200);

    const { code, err, out } = await importMaas('--secrets', 'leave-out');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('site.yaml');
    const site = siteOf(await read('site.yaml'));
    const applied = await sites().fresh.call('POST', '/config/apply', { body: { site } });
    expect(applied.status, applied.raw).toBe(200);

    const [before, after] = [await exported(sites().old), await exported(sites().fresh)];
    for (const kind of ['fabrics', 'spaces', 'subnets', 'ranges', 'records', 'zones', 'resource-pools', 'domains'])
      expect(after[kind], kind).toEqual(before[kind]);
    expect(after['machines']).toEqual(
      before['machines']?.map((machine) => ({
        ...machine,
        bmc: 'ipmi-192.0.2.201',
        // MAAS names one for every machine.
        expectedArchitecture: 'amd64/generic',
      })),
    );
    expect(await sites().fresh.call('GET', '/machines/web1')).toMatchObject({
      body: { state: 'deployed', owner: 'ada', locked: true, job: null },
    });
    expect((await sites().fresh.call('GET', '/jobs')).body['items']).toEqual([]);
    expect(after['vlans']?.map((vlan) => vlan['dhcpOn'])).not.toContain(true);
  });

  it('has a report that names what has no counterpart, and no secret stands in any file', async () => {
    const report = JSON.parse(await read('report.json')) as ImportReport;
    const text = await read('report.md');

    expect(report.taken).toMatchObject({ machines: 1, subnets: 1 });
    expect(report.entries).toContainEqual({
      kind: 'vlan',
      name: 'hall-1/web',
      outcome: 'changed',
      why: 'DHCP is off in the file: MAAS serves it until you hand it over',
    });
    expect(report.entries).toContainEqual(expect.objectContaining({ kind: 'dhcp-snippet', name: 'loghost' }));
    expect(text).toContain('## Does not come along');
    for (const content of [text, await read('report.json'), await read('site.yaml')])
      for (const secret of ['planted-pass', sites().old.keys.admin.split(':')[2] ?? '?'])
        expect(content).not.toContain(secret);
  });

  it('may be a MAAS: what is recorded of one is applied to an empty region as it comes', async () => {
    const maas = await recordedMaas();
    const third = await startSite();
    try {
      await writeFile(join(folder, 'maas-key'), 'con:tok:sec\n');
      const out = join(folder, 'recorded');
      const argv = [
        'import',
        'maas',
        maas.url,
        '--key-file',
        join(folder, 'maas-key'),
        '--folder',
        out,
        '--secrets',
        'leave-out',
      ];
      expect(await run(null, argv, files)).toMatchObject({ code: 0, err: '' });
      const site = siteOf(await readFile(join(out, 'site.yaml'), 'utf8'));
      const applied = await third.call('POST', '/config/apply', { body: { site } });
      expect(applied.status, applied.raw).toBe(200);
      expect((await third.call('GET', '/machines/web1.maas')).body).toMatchObject({
        state: 'deployed',
        owner: 'ada',
        locked: true,
      });
      expect((await third.call('GET', '/machines/web2.maas')).body).toMatchObject({ state: 'new', owner: null });
      expect((await third.call('GET', '/jobs')).body['items']).toEqual([]);
      const again = await third.call('POST', '/config/apply', { body: { site } });
      expect(again.body).toMatchObject({ created: 0, changed: 0, deleted: 0, notes: [] });
    } finally {
      await Promise.all([maas.close(), third.close()]);
    }
  });

  it('says what is wrong with a key, an address and an authority', async () => {
    await writeFile(join(folder, 'wrong'), 'a:b:c\n');
    const wrong = await run(
      null,
      ['import', 'maas', url, '--key-file', join(folder, 'wrong'), '--folder', join(folder, 'w')],
      {
        readFile: (path) => readFile(path, 'utf8').catch(() => null),
      },
    );
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('the key is refused (401)');
    for (const argv of [
      ['import', 'maas', 'nowhere', '--key-file', join(folder, 'key')],
      ['import', 'maas', url],
      ['import', 'maas', 'http://u:p@x', '--key-file', join(folder, 'key')],
    ])
      expect((await run(null, argv, { readFile: async () => 'a:b:c' })).code).toBe(2);
  });
});
