import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteFileText } from '../../../src/cli/format/site-file.ts';
import { EXPORT_KINDS, LEFT_OUT } from '../../../src/contract/export-kinds.ts';
import type { FileObject, SiteFile } from '../../../src/contract/site/export-form.ts';
import { FEATURES } from '../../../src/model/cluster/cluster.ts';
import { ROUTES } from '../../../src/contract/routes.ts';
import { SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { until } from '../../kit/until.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Answer, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { exampleText, siteOf } from '../../kit/site-file.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.close());

const SECRETS = { tsig: 'c2VjcmV0LW9mLWEtdGVzdC1rZXktMzItYnl0ZXMhISE=', bmc: 'planted-bmc-pass' };

/** The example of the operators' page, its secrets in place of the references to them. */
function example(): SiteFile {
  const text = exampleText()
    .replace('env:NS_PARTNER_SECRET', SECRETS.tsig)
    .replace('file:web1-bmc.secret', SECRETS.bmc);
  return siteOf(text);
}

type Applied = Answer['body'] & Record<'created' | 'changed' | 'unchanged' | 'deleted', number> & { plan: string };
const apply = async (content: SiteFile, more: object = {}, region = site) => {
  const answer = await region.call('POST', '/config/apply', { body: { site: content, ...more } });
  return { status: answer.status, body: answer.body as Applied, raw: answer.raw };
};
const exported = async (region = site) =>
  (await region.call('GET', '/config/export')).body as unknown as { revision: number; site: SiteFile };
const textOf = async (region = site) => siteFileText((await exported(region)).site);
const history = async () =>
  ((await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id;

describe('the law of kinds', () => {
  it('knows each noun of the API: it stands in files, or is left out for a reason', () => {
    const nouns = [...new Set(Object.keys(ROUTES).map((id) => id.split('.')[0] ?? ''))];
    const kinds = EXPORT_KINDS.map(({ noun }) => noun);
    expect(nouns.filter((noun) => !kinds.includes(noun) && LEFT_OUT[noun] === undefined)).toEqual([]);
    expect(kinds.filter((noun) => LEFT_OUT[noun] !== undefined)).toEqual([]);
    expect(Object.keys(LEFT_OUT).filter((noun) => !nouns.includes(noun))).toEqual([]);
  });

  it('has an example of each kind', () => {
    expect(
      EXPORT_KINDS.map(({ plural }) => plural).filter((plural) => siteOf(exampleText())[plural] === undefined),
    ).toEqual([]);
  });
});

describe('a file', () => {
  it('makes a site, comes out the same, and changes nothing when it is applied again', async () => {
    const made = await apply(example());
    expect(made.raw).not.toContain(SECRETS.bmc);
    expect(made.status, made.raw).toBe(200);
    const first = await exported();
    const last = await history();

    const again = await apply(first.site);
    const example2 = await apply(example());

    expect(again).toMatchObject({ status: 200, body: { created: 0, changed: 0, deleted: 0, changes: [] } });
    expect(example2).toMatchObject({ status: 200, body: { created: 0, changed: 0, deleted: 0, changes: [] } });
    expect((await exported()).revision).toBe(first.revision);
    expect(await history()).toBe(last);
  });

  it('makes another site that exports the same bytes', async () => {
    const other = await startSite();
    const { site: content } = await exported();
    // The region keeps secrets; a new site gets them again.
    const secrets = { ...content, 'tsig-keys': withMember(content['tsig-keys'], 'secret', SECRETS.tsig) };

    const copied = await apply(secrets as SiteFile, {}, other);
    expect(copied.status, copied.raw).toBe(200);

    expect(await textOf(other)).toBe(await textOf());
    await other.close();
  });

  it('shows no secret in an export', async () => {
    const text = await textOf();
    expect(text).toContain('web1-bmc');
    expect(text).not.toContain(SECRETS.bmc);
    expect(text).not.toContain(SECRETS.tsig);
    expect(text).not.toContain('***');
  });
});

describe('a change by a file', () => {
  const plain = (name: string) => ({ name, comment: '' });

  it('reports what is created, changed and unchanged, with members before and after', async () => {
    await apply({ zones: [plain('hall-7')] } as SiteFile);

    const { body } = await apply({
      zones: [{ name: 'hall-7', comment: 'cold' }, plain('hall-8'), plain('hall-1')],
    } as SiteFile);

    expect(body).toMatchObject({ created: 1, changed: 2, unchanged: 0, deleted: 0 });
    expect(body['changes']).toMatchObject([
      {
        action: 'changed',
        kind: 'zone',
        name: 'hall-7',
        place: 'site/zones/0',
        members: [{ member: 'comment', before: '', after: 'cold' }],
      },
      { action: 'created', name: 'hall-8', place: 'site/zones/1' },
      { action: 'changed', name: 'hall-1', place: 'site/zones/2' },
    ]);
  });

  it('leaves members that the file leaves out, and objects that it does not list', async () => {
    await apply({ tags: [{ name: 'left', comment: 'stays' }] } as SiteFile);
    expect((await apply({ tags: [{ name: 'left' }, { name: 'other' }] } as SiteFile)).body).toMatchObject({
      created: 1,
      unchanged: 1,
    });
    expect((await site.call('GET', '/tags/left')).body['comment']).toBe('stays');
    expect((await site.call('GET', '/tags/gpu')).status).toBe(200);
  });

  it('shows what the real files of nodes would have, and keeps nothing, in a dry run', async () => {
    const content = { records: [{ fqdn: 'dry.example.test', type: 'A', data: '192.0.2.81' }] } as SiteFile;
    const dry = await site.call('POST', '/config/apply?dry_run=true', { body: { site: content } });
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, object: { created: 1 } } });
    expect(JSON.stringify(dry.body['nodes'])).toContain('dry');
    expect((await site.call('GET', '/records?fqdn=dry.example.test')).body['items']).toEqual([]);
  });

  it('is one entry of the history, which is taken back as a whole', async () => {
    await apply({ zones: [plain('once-1'), plain('once-2')] } as SiteFile);
    const change = await history();
    const undone = await site.call('POST', `/config/history/${change ?? 0}/rollback`);
    expect(undone.status, undone.raw).toBe(201);
    for (const name of ['once-1', 'once-2']) expect((await site.call('GET', `/zones/${name}`)).status).toBe(404);
  });

  it('changes a secret that is another one, and keeps one that the file leaves out', async () => {
    const bmc = {
      name: 'web1-bmc',
      parameters: { power_address: '192.0.2.201', power_user: 'regent', power_pass: SECRETS.bmc },
    };
    const [other] = siteOf(exampleText())['bmcs'] as FileObject[];
    const left = { ...other, parameters: { power_address: '192.0.2.201', power_user: 'another' } };

    expect((await apply({ bmcs: [bmc] } as SiteFile)).body).toMatchObject({ changed: 0, unchanged: 1 });
    const changed = await apply({
      bmcs: [{ ...bmc, parameters: { ...bmc.parameters, power_pass: 'another-pass' } }],
    } as SiteFile);
    expect(changed.body).toMatchObject({ changed: 1 });
    expect(changed.raw).not.toContain('another-pass');
    expect((await apply({ bmcs: [left] } as SiteFile)).body).toMatchObject({ changed: 1 });
    expect((await site.call('GET', '/bmcs/web1-bmc')).body['parameters']).toMatchObject({
      power_user: 'another',
      power_pass: '********',
    });
  });
});

describe('a plan', () => {
  it('is applied while the site is as it was, and refused once the changes would be others', async () => {
    const content = { zones: [{ name: 'planned', comment: 'by plan' }] } as SiteFile;
    const dry = await site.call('POST', '/config/apply?dry_run=true', { body: { site: content } });
    const { plan } = dry.body['object'] as { plan: string };
    await site.call('POST', '/zones', { body: { name: 'planned', comment: 'by hand' } });

    expect(await apply(content, { plan })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await site.call('GET', '/zones/planned')).body['comment']).toBe('by hand');
    await site.call('DELETE', '/zones/planned');
    expect(await apply(content, { plan })).toMatchObject({ status: 200, body: { plan } });
  });

  it('does not write over what somebody changed while it ran', async () => {
    const content = {
      zones: [{ name: 'hall-7', comment: 'by file' }],
      tags: [{ name: 'gpu', comment: 'by file' }],
    } as SiteFile;
    const db = site.db;
    // Somebody holds a tag, and changes a zone before it lets go.
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const holder = db.repeatable(async (tx) => {
      await tx.all(sql`select id from tags where name = 'gpu' for update`);
      begun.resolve();
      await held.promise;
      return null;
    });
    await begun.promise;
    const running = apply(content);
    await until(
      'the apply waits',
      async () =>
        (
          (await pg.get().admin("select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'")) as {
            n: number;
          }[]
        )[0]?.n !== 0,
    );
    await site.call('PATCH', '/zones/hall-7', { body: { comment: 'by hand' } });
    held.resolve();
    await holder;

    expect(await running).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await site.call('GET', '/zones/hall-7')).body['comment']).toBe('by hand');
    expect((await site.call('GET', '/tags/gpu')).body['comment']).not.toBe('by file');
  });
});

describe('--prune', () => {
  it('deletes what no file lists, behind what refers to it', async () => {
    await apply({
      fabrics: [{ name: 'old' }],
      vlans: [{ fabric: 'old', name: 'v9', vid: 9 }],
      subnets: [{ cidr: '10.99.0.0/24', vlan: 'old/v9' }],
      ranges: [{ first: '10.99.0.10', last: '10.99.0.20', kind: 'dynamic' }],
    } as SiteFile);
    await site.call('PATCH', '/vlans/old%2Fv9', { body: { dhcpOn: true } });
    const content = (await exported()).site;
    const without = (plural: string, isIn: (object: FileObject) => boolean) => [
      plural,
      (content[plural] as FileObject[]).filter(isIn),
    ];
    const less = Object.fromEntries([
      without('fabrics', ({ name }) => name !== 'old'),
      without('vlans', ({ fabric }) => fabric !== 'old'),
      without('subnets', ({ cidr }) => cidr !== '10.99.0.0/24'),
      without('ranges', ({ first }) => first !== '10.99.0.10'),
    ]) as SiteFile;

    const { body, raw } = await apply(less, { prune: ['fabrics', 'vlans', 'subnets', 'ranges'] });
    expect(raw).toContain('deleted');

    expect(body).toMatchObject({ created: 0, changed: 0, deleted: 4 });
    expect((await site.call('GET', '/subnets/10.99.0.0%2F24')).status).toBe(404);
  });

  it('refuses what is in use, names all of it, and does nothing', async () => {
    const { revision } = await exported();
    const refused = await apply({ tags: [{ name: 'fresh' }] } as SiteFile, { prune: ['zones', 'tags'] });
    expect(refused).toMatchObject({ status: 409, body: { code: 'in_use' } });
    expect(refused.body.detail).toContain('zone "hall-1" is in use by machine web1.example.test');
    expect(refused.body.detail).toContain('tag "gpu" is in use by machine web1.example.test');
    expect((await exported()).revision).toBe(revision);
  });

  it('does not delete the user who applies the file', async () => {
    const { users } = (await exported()).site as unknown as { users: FileObject[] };
    const others = users.filter(({ name }) => name !== 'admin');
    expect(await apply({ users: others } as SiteFile, { prune: ['users'] })).toMatchObject({
      status: 409,
      body: { code: 'in_use' },
    });
  });
});

describe('bad input', () => {
  const refusedAs = async (content: object, status: number, ...texts: readonly string[]) => {
    const { revision } = await exported();
    const answer = await apply(content as SiteFile);
    expect(answer.status, answer.raw).toBe(status);
    for (const text of texts) expect(answer.body.detail).toContain(text);
    expect((await exported()).revision).toBe(revision);
    return (answer.body.fields ?? []).map(({ field }) => field);
  };

  it('is refused as a whole: a bad object behind good ones', async () => {
    const zones = [{ name: 'good' }, { name: 'bad/name' }];
    expect(await refusedAs({ zones }, 422, 'zone bad/name')).toEqual(['site/zones/1/name']);
    expect((await site.call('GET', '/zones/good')).status).toBe(404);
  });

  it('names the nearest kind and member', async () => {
    await refusedAs({ zoness: [] }, 422, 'site/zoness', 'the nearest is zones');
    await refusedAs({ zones: [{ name: 'z', coment: '' }] }, 422, 'site/zones/0/coment', 'the nearest is comment');
  });

  it('names both places of an object that is there twice', async () => {
    const records = [
      { fqdn: 'a.example.test', type: 'A', data: '192.0.2.1' },
      { fqdn: 'A.example.test.', type: 'A', data: '192.0.2.1' },
    ];
    expect(await refusedAs({ records }, 409, 'twice')).toEqual(['site/records/0', 'site/records/1']);
  });

  it('names a reference that leads nowhere, and the nearest name', async () => {
    const machines = [{ hostname: 'm', domain: 'example.test', zone: 'hal-1' }];
    expect(await refusedAs({ machines }, 422, 'there is no zone "hal-1"; the nearest is "hall-1"')).toEqual([
      'site/machines/0/zone',
    ]);
    expect(await refusedAs({ machines: [{ ...machines[0], zone: '1' }] }, 422, 'there is no zone "1"')).toEqual([
      'site/machines/0/zone',
    ]);
  });

  it('refuses a circle of references', async () => {
    const vlans = [
      { fabric: 'hall-1', name: 'a', vid: 31, relayVlan: 'hall-1/b' },
      { fabric: 'hall-1', name: 'b', vid: 32, relayVlan: 'hall-1/a' },
    ];
    expect(await refusedAs({ vlans }, 422, 'circle')).toHaveLength(1);
  });

  it('refuses what a new object lacks, and what cannot be changed', async () => {
    expect(await refusedAs({ ranges: [{ first: '10.10.20.50', last: '10.10.20.60' }] }, 422, 'it is missing')).toEqual([
      'site/ranges/0/kind',
    ]);
    const ranges = [{ first: '10.10.20.100', last: '10.10.20.199', subnet: '10.99.9.0/24' }];
    await refusedAs({ ranges }, 422, 'there is no subnet');
  });

  it('refuses the form of a newer release', async () => {
    expect(await refusedAs({ regent: 2, zones: [] }, 422, 'newer release')).toEqual(['site/regent']);
  });

  it('refuses a plan of too many bytes, with the limit', async () => {
    const huge = await site.call('POST', '/config/apply', {
      body: { site: { zones: [{ name: 'x', comment: 'y'.repeat(17 * 1024 * 1024) }] } },
    });
    expect(huge.status).toBe(413);
    expect(huge.body.detail).toContain('16');
  });

  it('refuses a kind that the caller has no right to, and exports without it', async () => {
    const answer = await site.call('POST', '/config/apply', {
      role: 'operator',
      body: { site: { zones: [{ name: 'mine' }], users: [{ name: 'eve', role: 'admin' }] } },
    });
    expect(answer).toMatchObject({ status: 403, body: { fields: [{ field: 'site/users/0' }] } });
    expect((await site.call('GET', '/zones/mine')).status).toBe(404);
    const seen = (await site.call('GET', '/config/export', { role: 'operator' })).body as {
      site: SiteFile;
      leftOut: { kind: string }[];
    };
    expect(seen.leftOut.map(({ kind }) => kind)).toEqual(['user', 'ssh-key', 'notification']);
    expect(seen.site['users']).toBeUndefined();
    expect((await site.call('POST', '/config/apply', { role: 'auditor', body: { site: {} } })).status).toBe(403);
    expect((await site.call('GET', '/config/export', { role: 'user' })).status).toBe(403);
    const setting = { site: { settings: [{ name: 'default_ttl', value: 61 }] } };
    expect((await site.call('POST', '/config/apply', { role: 'operator', body: setting })).status).toBe(403);
  });
});

/** A new site whose region nodes all have this release. */
async function startSite(): Promise<TestRegion> {
  const made = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  const values = FEATURES.map((name) => `('${name}')`).join(', ');
  await pg.get().admin(`insert into features (name) values ${values} on conflict do nothing`, made.connection.database);
  return made;
}

function withMember(list: unknown, member: string, value: string): FileObject[] {
  return (list as FileObject[]).map((object) => ({ ...object, [member]: value }));
}
