import { type RawBuilder, sql } from 'kysely';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import { commandRunners } from '../../src/main/calls/command-runners.ts';
import { createNode } from '../../src/store/queries/nodes.ts';
import { agentRig } from '../kit/agent-rig.ts';
import { operatorCertificate } from '../kit/cluster/operator-certificate.ts';
import { testIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { useDeploySite } from '../kit/deploy-site.ts';
import { noLog } from '../kit/no-log.ts';
import { powerPorts } from '../kit/power/agent-power.ts';
import { FakeBmc } from '../kit/power/fake-bmc.ts';
import { realClock, realRandom, usePostgres } from '../kit/postgres.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

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
  const runners = commandRunners({ ...powerPorts(bmc.effects), log }, noLog());
  await rig.start({ nodeId, channel: { ...channel, setRegions: () => {} }, runners });
  ends.push(
    () => channel.close(),
    () => rig.close(),
  );
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

  it('in a log, an argument of a program or an answer', async () => {
    const said = [log.lines, bmc.heard.map(({ argv }) => argv)];
    for (const path of [
      '/bmcs',
      '/tsig-keys',
      '/commands',
      '/jobs',
      '/events?limit=1000',
      '/config/history',
      '/audit',
      '/users',
      '/api-keys',
      '/tokens',
      '/site-certificate',
    ])
      said.push(JSON.stringify(await say('GET', path)) as never);
    expect(JSON.stringify(said)).toContain('power order done');
    expect(holding(Buffer.from(JSON.stringify(said)), 'shown')).toEqual([]);
  });
});
