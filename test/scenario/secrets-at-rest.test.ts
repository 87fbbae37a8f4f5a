import { type RawBuilder, sql } from 'kysely';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import { commandRunners } from '../../src/main/calls/command-runners.ts';
import { ROUTES, type RouteSpec } from '../../src/contract/routes.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { agentRig } from '../kit/agent-rig.ts';
import { operatorCertificate } from '../kit/cluster/operator-certificate.ts';
import { testIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { useDeploySite } from '../kit/deploy-site.ts';
import { noHost } from '../kit/no-host.ts';
import { noCheck, noLog } from '../kit/no-log.ts';
import { powerPorts } from '../kit/power/agent-power.ts';
import { FakeBmc } from '../kit/power/fake-bmc.ts';
import { realClock, realRandom, usePostgres } from '../kit/postgres.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';
import { run } from '../unit/cli/fake-region.ts';

/**
 * Every kind of secret is used once by real processes. Then neither the files of the database nor its WAL hold one of them, in clear, as hexadecimal digits or
 * in base64, and no row of any table, no log and no argument of a program does.
 */

const pg = usePostgres();
const deploying = useDeploySite(pg);
const bmc = new FakeBmc();
const log = powerPorts(bmc.effects).log;
/** By what they are. */
const secrets = new Map<string, string>();
const CANARY = 'canary-in-clear-4711';
const ends: (() => Promise<void> | void)[] = [];
let site: TrustedRegion;

const plant = (what: string, text: string) => {
  secrets.set(what, text);
  return text;
};
const say = async (method: string, path: string, body?: unknown) => {
  const answer = await site.asAdmin(method, path, body);
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body as Record<string, unknown>;
};
const rows = async <T>(query: RawBuilder<T>, of = site) => value(await of.db.read((tx) => tx.all(query)));

beforeAll(async () => {
  site = await startTrustedRegion(pg.get(), { log });
  const on = async () => (await rows(sql`select from features where name = 'sealed-secrets'`)).length === 1;
  await until('every secret is sealed', on, { deadlineMs: 20_000 });
  await until(
    'those of before are sealed',
    async () => (await rows(sql`select from tsig_secrets where secret is not null`)).length === 0,
  );
  await deploying.get().admin("insert into features (name) values ('sealed-secrets') on conflict do nothing");
}, 120_000);
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await site.close();
});

/** The agent of a rack, with its own path to the BMC. */
async function startAgent(nodeId: string) {
  value(
    await change(site.db, (tx) =>
      createNode(tx, { id: nodeId, name: nodeId, isRegion: false, isRack: true, addresses: ['10.77.0.21'] }),
    ),
  );
  const rig = await agentRig();
  const { authority, certificate, key } = await testIdentity(site.authority, { nodeId });
  const trust = openTrustStore({ read: async () => [authority, certificate, key], clock: realClock });
  await trust.refresh();
  const urls = [`https://127.0.0.1:${site.process.secureAgentPort}`];
  const channel = openChannel({
    urls,
    credential: null,
    rack: null,
    trust: () => trust.current(),
    clock: realClock,
    random: realRandom,
  });
  const runners = commandRunners({ ...powerPorts(bmc.effects), log }, noLog(), noCheck(), noHost());
  await rig.start({ nodeId, channel: { ...channel, setRegions: () => {} }, runners });
  ends.push(
    () => channel.close(),
    () => rig.close(),
  );
}

const URIS = (scheme: string) =>
  Object.fromEntries(
    ['power_on_uri', 'power_off_uri', 'power_query_uri'].map((name) => [name, `${scheme}://10.88.0.2/x`]),
  );

type Asker = (method: string, path: string) => Promise<{ readonly status: number; readonly body: unknown }>;

/** Both sites, and what their objects are called, by the parameter of a path. */
async function everyObject(): Promise<readonly { of: Asker; names: ReadonlyMap<string, readonly string[]> }[]> {
  const deploy = deploying.get().site;
  const askers: Asker[] = [
    (method, path) => site.asAdmin(method, path),
    async (method, path) => deploy.call(method as 'GET', path),
  ];
  return Promise.all(
    askers.map(async (of) => {
      const listOf = async (path: string, member: string) => {
        const { items = [] } = (await of('GET', path)).body as { items?: Record<string, unknown>[] };
        return items.map((item) => String(item[member]));
      };
      const names = new Map<string, readonly string[]>([
        ['bmc', await listOf('/bmcs', 'name')],
        ['tsig_key', await listOf('/tsig-keys', 'name')],
        ['user', await listOf('/users', 'name')],
        ['machine', await listOf('/machines', 'hostname')],
        ['node', ['r1', 'k1']],
        ['service', ['dns', 'db', 'dcs', 'lb', 'proxy', 'dhcp', 'http']],
        ['domain', await listOf('/domains', 'name')],
        ['change', await listOf('/config/history', 'id')],
        ['job', await listOf('/jobs', 'id')],
        ['command', await listOf('/commands', 'id')],
        ['setting', await listOf('/settings', 'name')],
        ['subnet', await listOf('/subnets', 'id')],
        ['interface', ['eth0']],
        ['result', ['1', '2', '3']],
        ['part', ['regiond', 'agent']],
      ]);
      return { of, names };
    }),
  );
}

/** Every question of the API for these names; a list is one without any. What has no end (events as they come) is left out. */
function questionsOf(names: ReadonlyMap<string, readonly string[]>): string[] {
  const plain = (Object.values(ROUTES) as RouteSpec[])
    .filter(({ method }) => method === 'GET')
    .map(({ path }) => path)
    .filter((path) => path !== '/metrics');
  return plain.flatMap((path) => {
    const holes = [...path.matchAll(/\{(\w+)\}/g)].map(([hole, name = '']) => ({ hole, of: names.get(name) ?? [] }));
    return holes.reduce(
      (paths, { hole, of }) => paths.flatMap((one) => of.map((name) => one.replace(hole, encodeURIComponent(name)))),
      [path],
    );
  });
}

/** The command line against the site. `files`: what lies where it reads. */
function regent(argv: readonly string[], files: ReadonlyMap<string, string>) {
  const fetch = async (target: unknown, init: { method?: string; body?: unknown } = {}) => {
    const { pathname, search } = new URL(String(target));
    const path = `${pathname.replace(/^.*?\/api\/v1/, '')}${search}`;
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    const answer = await site.asAdmin(init.method ?? 'GET', path, body);
    const type = answer.status < 400 ? 'application/json' : 'application/problem+json';
    return new Response(JSON.stringify(answer.body), { status: answer.status, headers: { 'content-type': type } });
  };
  return run({ url: 'http://region.test' }, argv, {
    fetch: fetch as typeof globalThis.fetch,
    readFile: async (path) => files.get(path) ?? null,
  });
}

describe('secrets are used', () => {
  it('of BMCs: an order and a look are carried out', async () => {
    await startAgent('k1');
    const parameters = {
      power_address: '10.88.0.1',
      power_user: 'u',
      power_pass: plant('password of a BMC', 'bmc-Pass-4711-x'),
      k_g: plant('key of a BMC', 'bmc-key-4711-y'),
    };
    await say('POST', '/bmcs', { name: 'm1-bmc', powerType: 'ipmi', parameters, comment: CANARY });
    const uri = 'https://10.88.0.2/x';
    const hook = {
      power_on_uri: uri,
      power_off_uri: uri,
      power_query_uri: uri,
      power_token: plant('token of a webhook', 'hook-Token-4711-z'),
    };
    await say('POST', '/bmcs', { name: 'hook', powerType: 'webhook', parameters: hook });
    await say('POST', '/machines', { hostname: 'm1', bmc: 'm1-bmc' });
    const { id } = await say('POST', '/machines/m1/power', { verb: 'on' });
    await until('the order was carried out', async () => (await say('GET', `/jobs/${String(id)}`))['endedAt'], {
      deadlineMs: 40_000,
    });
    expect(await say('GET', `/jobs/${String(id)}`)).toMatchObject({ state: 'done' });
    // It came to the BMC as it was entered.
    expect(bmc.heard.some(({ env }) => env['IPMI_PASSWORD'] === secrets.get('password of a BMC'))).toBe(true);
    await say('PATCH', '/bmcs/m1-bmc', {
      parameters: { ...parameters, power_pass: plant('next password of a BMC', 'next-Pass-4711') },
    });
  });

  it('of transfers: keys are given, made, replaced and published', async () => {
    const given = plant('TSIG secret that was given', Buffer.from('tsig-given-4711-abcdef').toString('base64'));
    await say('POST', '/tsig-keys', { name: 'given', secret: given });
    const made = await say('POST', '/tsig-keys', { name: 'made' });
    plant('TSIG secret that was made', String(made['secret']));
    plant('TSIG secret that replaced it', String((await say('PATCH', '/tsig-keys/made', { secret: 'new' }))['secret']));
    await say('POST', '/domains', { name: 'example.test' });
    await say('PATCH', '/domains/example.test', { transferKey: 'given' });
    const sealed = () =>
      rows(sql<{ text: string }>`select content::text as text from body_parts where content ->> 'sealed' is not null`);
    await until('a part with the key is published', async () => (await sealed()).length > 0, { deadlineMs: 30_000 });
  });

  it('of people, hosts and the site', async () => {
    await say('POST', '/users', {
      name: 'ada',
      role: 'operator',
      password: plant('password of a user', 'people-Pass-4711'),
    });
    const key = String((await say('POST', '/api-keys', { user: 'ada', label: 'x' }))['key']);
    plant('secret of an API key', key.split(':')[2] ?? '');
    const token = String((await say('POST', '/tokens', { isRack: true, isRegion: false }))['token']);
    plant('secret of a join token', token.split(/[.:]/).at(-1) ?? '');
    const own = await operatorCertificate({ names: ['regent.example.test'], addresses: [] });
    plant('private key of the site', own.key.split('\n')[1] ?? '');
    await say('PUT', '/site-certificate', { certificate: `${own.middle}${own.leaf}`, privateKey: own.key });
  });

  it('of runs: user data and credentials', async () => {
    const on = deploying.get();
    await on.reset();
    const userData = `#cloud-config\npassword: ${plant('password in user data', 'cloud-Pass-4711')}\n`;
    const answer = await on.ask('deploy', {
      image: 'debian-13',
      force: true,
      userData: Buffer.from(userData).toString('base64'),
    });
    expect(answer.status, answer.raw).toBe(202);
    const keys = await on.keys('10.10.10.2');
    plant('credentials of a run', keys.token_secret);
    expect((await on.metadata(keys, 'maas-scripts')).rawPayload.includes(userData)).toBe(true);
  });
});

describe('afterwards no secret is', () => {
  /** As it may stand in a file: as it is, in hexadecimal digits, in base64. */
  const formsOf = (text: string) => [
    text,
    Buffer.from(text).toString('hex'),
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
  ];
  const holding = (haystack: Buffer, where: string) =>
    [...secrets].flatMap(([what, text]) =>
      formsOf(text).some((form) => haystack.includes(form)) ? [`${what}: ${where}`] : [],
    );

  it('planted in vain', () => {
    expect(secrets.size).toBe(13);
    for (const [what, text] of secrets) expect(text.length, what).toBeGreaterThanOrEqual(12);
  });

  it('in the files of the database or its WAL', async () => {
    await pg.get().admin('checkpoint');
    const folder = join(pg.get().server.socketFolder, 'data');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile());
    const found: string[] = [];
    const canaries = new Set<string>();
    for (const { parentPath, name } of files) {
      // A process that ends takes caches of its own along.
      const path = join(parentPath, name);
      if (!existsSync(path)) continue;
      const content = readFileSync(path);
      const kind = parentPath.includes('pg_wal') ? 'WAL' : 'heap';
      if (content.includes(CANARY)) canaries.add(kind);
      found.push(...holding(content, `${kind} ${name}`));
    }
    // What is not secret is found in both: the search sees them.
    expect([...canaries].sort()).toEqual(['WAL', 'heap']);
    expect(found).toEqual([]);
  });

  it('in a row of any table, where compressed values are read whole', async () => {
    for (const { connection } of [site, deploying.get().site]) {
      const tables = await pg
        .get()
        .admin<{ name: string }>(
          `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
          connection.database,
        );
      expect(tables.length).toBeGreaterThan(90);
      for (const { name } of tables) {
        const all = await pg.get().admin(`select to_jsonb(t)::text as row from "${name}" t`, connection.database);
        expect(holding(Buffer.from(JSON.stringify(all)), name)).toEqual([]);
      }
    }
  });

  it('in a log or an argument of a program', () => {
    const said = JSON.stringify([log.lines, bmc.heard.map(({ argv }) => argv)]);
    expect(said).toContain('power order done');
    expect(holding(Buffer.from(said), 'shown')).toEqual([]);
  });

  it('in an answer to a question, of whatever object', async () => {
    const asked: string[] = [];
    for (const { of, names } of await everyObject())
      for (const path of questionsOf(names)) {
        const { status, body } = await of('GET', path);
        if (status === 200) asked.push(path);
        expect(holding(Buffer.from(JSON.stringify(body)), `GET ${path}`)).toEqual([]);
      }
    // Lists alone are 60; and objects of each kind that has or had a secret.
    expect(asked.length).toBeGreaterThan(100);
    for (const part of [
      '/bmcs/hook',
      '/tsig-keys/given',
      '/users/ada',
      '/services/r1/dns/files',
      '/cluster/doctor',
      '/status',
    ])
      expect(
        asked.some((path) => path.startsWith(part)),
        part,
      ).toBe(true);
    expect(asked.some((path) => /^\/config\/history\/[0-9]+\/files$/.test(path))).toBe(true);
  });

  it('in a dry run, a refusal or a line of the command line', async () => {
    const files = new Map<string, string>();
    const put = (name: string, content: unknown) => {
      files.set(name, typeof content === 'string' ? content : JSON.stringify(content));
      return `@${name}`;
    };
    const secret = (what: string) => secrets.get(what) ?? '';
    const ipmi = { power_address: '10.88.0.7', power_user: 'u', power_pass: secret('password of a BMC') };
    const other = await operatorCertificate({ names: ['other.example.test'], addresses: [] });
    const key = secret('private key of the site');
    const calls: readonly (readonly [string, string, unknown])[] = [
      ['PATCH', '/bmcs/m1-bmc', { parameters: { ...ipmi, k_g: secret('key of a BMC') } }],
      ['PATCH', '/bmcs/m1-bmc', { powerType: 'redfish' }],
      ['PATCH', '/bmcs/m1-bmc', { parameters: { ...ipmi, power_pass: `${secret('password of a BMC')}\n` } }],
      ['PATCH', '/bmcs/m1-bmc', { parameters: { ...ipmi, power_pass: secret('password of a BMC').repeat(100) } }],
      ['PATCH', '/bmcs/m1-bmc', { parameters: { ...ipmi, power_pass: [secret('password of a BMC')] } }],
      ['PATCH', '/bmcs/hook', { parameters: { ...URIS('http'), power_token: secret('token of a webhook') } }],
      ['PATCH', '/bmcs/hook', { parameters: { ...URIS('https'), power_token: secret('next password of a BMC') } }],
      ['PATCH', '/tsig-keys/given', { secret: secret('TSIG secret that replaced it') }],
      ['PATCH', '/tsig-keys/given', { secret: `${secret('TSIG secret that was given')}!` }],
      ['PATCH', '/domains/example.test', { transferKey: 'made' }],
      ['DELETE', '/domains/example.test', undefined],
      ['DELETE', '/tsig-keys/given', undefined],
      ['DELETE', '/bmcs/hook', undefined],
      ['POST', '/users', { name: 'eve', role: 'user', password: secret('password of a user') }],
      ['POST', '/users', { name: 'eve', role: 'user', password: `${secret('password of a user')}\u0000` }],
      ['PUT', '/users/ada/password', { password: secret('password of a user') }],
      ['PUT', '/users/ada/password', { password: secret('password of a user').repeat(200) }],
      ['PUT', '/site-certificate', { certificate: other.leaf, privateKey: `${key}\n` }],
      ['DELETE', '/site-certificate', undefined],
      ['POST', '/api-keys', { user: 'ada', label: 'y' }],
    ];
    let count = 0;
    for (const [method, path, body] of calls) {
      const { body: answer } = await site.asAdmin(method, `${path}?dry_run=true`, body);
      expect(holding(Buffer.from(JSON.stringify(answer)), `${method} ${path} ${++count}`)).toEqual([]);
    }
    const changes = (await say('GET', '/config/history'))['items'] as { id: number }[];
    expect(changes.length).toBeGreaterThan(10);
    for (const { id } of changes) {
      const { body } = await site.asAdmin('POST', `/config/history/${id}/rollback?dry_run=true`);
      expect(holding(Buffer.from(JSON.stringify(body)), `rollback ${id}`)).toEqual([]);
    }
    const lines = [
      ...['bmc', 'tsig-key', 'user', 'machine', 'job', 'events', 'token', 'domain', 'node', 'service'].flatMap(
        (noun) => [`${noun} list`, `${noun} list --output json`],
      ),
      'bmc show hook',
      'tsig-key show given',
      'user show ada',
      'domain show example.test',
      'config history',
      ...changes.map(({ id }) => `config show ${id}`),
      'status',
      'doctor',
      'config diff',
      'site-certificate show',
      'audit list',
      `bmc set m1-bmc --parameters ${put('ipmi', ipmi)} --dry-run`,
      `bmc set m1-bmc --parameters ${put('bad', { ...ipmi, power_pass: `${ipmi.power_pass}\n` })} --dry-run`,
      `bmc set m1-bmc --parameters ${put('broken', `${JSON.stringify(ipmi)}}`)} --dry-run`,
      `tsig-key delete given`,
      `domain set example.test --transfer-key made --dry-run`,
      ...changes.map(({ id }) => `config rollback ${id} --dry-run`),
    ];
    const codes = new Map<number, string[]>();
    for (const line of lines) {
      const { code, out, err } = await regent(line.split(' '), files);
      codes.set(code, [...(codes.get(code) ?? []), `${line}: ${err}`]);
      expect(holding(Buffer.from(`${out}${err}`), `regent ${line}`)).toEqual([]);
    }
    // A line that the program does not know says nothing.
    expect(codes.get(2)?.filter((line) => line.includes('unknown'))).toEqual([]);
    expect(codes.get(0)?.length).toBeGreaterThan(40);
  });
});
