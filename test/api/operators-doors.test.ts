import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgentApi, createSecureAgentApi } from '../../src/api/agent/app.ts';
import { RESOURCES } from '../../src/api/maas/catalog/table.ts';
import { MAAS_PREFIX } from '../../src/api/maas/prefix.ts';
import { METADATA_PREFIX } from '../../src/api/metadata/paths.ts';
import type { PeerIdentity } from '../../src/api/peers.ts';
import { type KnownRoute, routesOf } from '../../src/api/server.ts';
import { createApi } from '../../src/api/v1/app.ts';
import { rejected } from '../../src/core/errors.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';
import { change, value } from '../kit/store.ts';

/**
 * Every route of every inner port (5250, 5251, the agent's socket) through every outer door, without a key. The routes come from the routers themselves, so that
 * a new one is walked as soon as it is registered. What answers more than a refusal stands in OPEN with its reason.
 */

const pg = usePostgres();
const table: string[] = [];
const REGION: PeerIdentity = { serial: 'a1', nodeId: 'r1', isRegion: true, notAfter: Infinity };
const RACK: PeerIdentity = { serial: 'b2', nodeId: 'k1', isRegion: false, notAfter: Infinity };
/** Its node is gone, its certificate is on the list. */
const REMOVED: PeerIdentity = { serial: 'c3', nodeId: 'k9', isRegion: false, notAfter: Infinity };
/** Its node is gone, and nobody has read the list yet. */
const UNLISTED: PeerIdentity = { ...REMOVED, serial: 'd4' };

type Port = '5251' | '5250' | 'socket';
interface Door {
  readonly name: string;
  readonly port: Port;
  readonly peer: PeerIdentity | null;
  /** How the call was handed on. */
  readonly via: 'nobody' | 'http' | 'https';
}
const DOORS: readonly Door[] = [
  { name: '5240', port: '5251', peer: REGION, via: 'http' },
  { name: '5443', port: '5251', peer: REGION, via: 'https' },
  { name: '5248 (relay of a rack)', port: '5250', peer: RACK, via: 'http' },
  { name: "5250 with a rack's certificate", port: '5250', peer: RACK, via: 'nobody' },
  { name: "5250 with a removed rack's certificate", port: '5250', peer: REMOVED, via: 'nobody' },
  { name: "5250 with a removed rack's certificate, list not read", port: '5250', peer: UNLISTED, via: 'nobody' },
  { name: '5250 without a certificate', port: '5250', peer: null, via: 'nobody' },
  { name: "5251 with a rack's certificate", port: '5251', peer: RACK, via: 'nobody' },
  { name: "5251 with a removed rack's certificate", port: '5251', peer: REMOVED, via: 'nobody' },
  { name: '5251 without a certificate', port: '5251', peer: null, via: 'nobody' },
  { name: 'the socket without a credential', port: 'socket', peer: null, via: 'nobody' },
  { name: 'the socket through a proxy', port: 'socket', peer: null, via: 'http' },
];

const PUBLIC = ['5240', '5443'];
const RELAY = '5248 (relay of a rack)';
const OWN_RACK = "5250 with a rack's certificate";
const UNREAD = "5250 with a removed rack's certificate, list not read";
const SOCKET = 'the socket without a credential';
/** Which routes answer whom, and why. A line that is of no use any more fails, too. */
const OPEN: readonly { readonly doors: readonly string[]; readonly routes: RegExp; readonly why: string }[] = [
  {
    doors: [...PUBLIC, RELAY, OWN_RACK, UNREAD, SOCKET],
    routes: /^(GET|HEAD) \/health\/(live|ready)$/,
    why: 'load balancers and relays have no keys; it says whether a region works',
  },
  {
    doors: [...PUBLIC, OWN_RACK, UNREAD, SOCKET],
    routes: /^POST \/agent\/v1\/register$/,
    why: 'a new rack has nothing but its signature, which is part of the call; an admin decides',
  },
  {
    doors: PUBLIC,
    routes: /^(GET|HEAD) (\/api\/v1\/authority|\/ui\/ca\.crt)$/,
    why: "the authority's certificate is what clients need before they can trust anything; it is no secret",
  },
  { doors: PUBLIC, routes: /^(GET|HEAD) \/$/, why: 'it only leads to /ui/' },
  { doors: ['5240'], routes: /^(GET|HEAD) \/ui(\/\*)?$/, why: 'it only leads to the port with TLS' },
  { doors: ['5443'], routes: /^(GET|HEAD) \/ui(\/\*)?$/, why: 'the pages before the login' },
  {
    doors: PUBLIC,
    routes: /^(GET|HEAD) (\/api\/v1\/openapi\.json|\/MAAS\/api\/2\.0\/describe|\/MAAS\/api\/version)$/,
    why: 'descriptions of the release, the same everywhere; MAAS clients read them before they log in',
  },
  {
    doors: PUBLIC,
    routes: /^GET \/MAAS\/api\/2\.0\/version\/$/,
    why: 'the release, which MAAS clients read before they log in',
  },
  {
    doors: PUBLIC,
    routes: /^GET \/MAAS\/api\/2\.0\/[a-z]+\/\?op=is_(registered|action_in_progress)$/,
    why: 'MAAS answers these two to machines without a key: true or false of one MAC',
  },
  {
    doors: PUBLIC,
    routes: /^GET \/MAAS\/api\/2\.0\/files\/\?op=get_by_key$/,
    why: 'a file is given by its own secret, as MAAS does; without one it is refused',
  },
  { doors: PUBLIC, routes: /^[A-Z]+ \/MAAS\/api\/1\.0\/\*$/, why: '410: there is no such API any more' },
  {
    doors: ['5443'],
    routes: /^POST \/api\/v1\/join\/(undo|membership)$/,
    why: 'the body proves the host: a request that its key signed',
  },
  {
    doors: [OWN_RACK],
    routes:
      /^(GET|HEAD|POST) \/agent\/v1\/(certificate|pair-certificate|member|commands\/claim|parts|enlist|boot-steps|desired|observation|leases)$/,
    why: 'the calls of this very node',
  },
  {
    doors: [RELAY, OWN_RACK, UNREAD],
    routes: /^(GET|HEAD) \/images\/:image\/:file$/,
    why: 'images have no secrets; 404 for one that is not there',
  },
  {
    doors: [UNREAD, "5250 with a removed rack's certificate", "5251 with a removed rack's certificate"],
    routes: /^POST \/agent\/v1\/member$/,
    why: '404: a host that joins learns that it was forgotten',
  },
  {
    doors: [OWN_RACK],
    routes: /^POST \/agent\/v1\/commands\/:command\/report$/,
    why: '404: no such command of this node',
  },
];
/** What stands behind MAAS's own star: its catalog, each operation by its method and op. */
const MAAS: readonly KnownRoute[] = RESOURCES.flatMap(({ paths, operations }) =>
  paths.flatMap((path) =>
    operations.map(({ method, op }) => {
      const at = path.map((part) => part.replace(/^\{.*\}$/, 'x1')).join('/');
      return { method, url: `${MAAS_PREFIX}/${at}/${op === null ? '' : `?op=${op}`}` };
    }),
  ),
);
/** What stands behind that of the metadata service. */
const METADATA: readonly KnownRoute[] = [
  '2012-03-01/meta-data/',
  '2012-03-01/meta-data/instance-id',
  '2012-03-01/user-data',
  'latest/meta-data/public-keys',
  '2012-03-01/maas-scripts',
  '2012-03-01/maas-commissioning-scripts/',
  'curtin/2012-03-01/user-data',
  'curtin/latest/meta-data/',
  'status/abc123',
  'inventory/abc123',
]
  .flatMap((path) => ['GET', 'POST'].map((method) => ({ method, url: `${METADATA_PREFIX}/${path}` })))
  // By the address that the machine of this id has, and no caller of this walk.
  .concat(
    ['GET op-get_preseed', 'POST op-netboot_off', 'POST op-netboot_on'].map((line) => {
      const [method = '', op = ''] = line.split(' ');
      return { method, url: `${METADATA_PREFIX}/latest/by-id/abc123/${op}/` };
    }),
  );
const REFUSED = new Set([401, 403, 405, 421]);

/** What stands behind these is walked by its own table; another path is none. */
const STARS = new Set([MAAS_PREFIX, `${MAAS_PREFIX}/*`, `${METADATA_PREFIX}/*`]);

let site: TestRegion;
let apps: Readonly<Record<Port, FastifyInstance>>;
let peer: PeerIdentity | null = null;
let routes: readonly KnownRoute[] = [];
let calls = 0;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  const node = { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: ['10.77.0.21'] };
  value(await change(site.db, (tx) => createNode(tx, node)));
  const trust = {
    ...site.region.trust,
    checkSerial: (serial: string) => (serial === REMOVED.serial ? rejected('forbidden', 'It was revoked.') : null),
  };
  const region = { ...site.region, trust };
  const ports = { region, clock: realClock, random: realRandom, log: silentLog };
  const peerOf = (_socket: Socket) => peer;
  apps = {
    '5251': createApi({ ...ports, transport: { isBehindProxy: true }, peerOf }),
    '5250': createSecureAgentApi({ ...ports, transport: {}, peerOf }),
    socket: createAgentApi({ ...ports, isOwnHost: async () => false }),
  };
  await Promise.all(Object.values(apps).map((app) => app.ready()));
  const all = [...Object.values(apps).flatMap(routesOf), ...MAAS, ...METADATA];
  routes = [...new Map(all.map((route) => [`${route.method} ${route.url}`, route])).values()];
}, 60_000);
afterAll(async () => {
  process.stdout.write(`\nsecurity S15, S12: door: route → answer\n${[...new Set(table)].join('\n')}\n`);
  await Promise.all(Object.values(apps).map((app) => app.close()));
  await site?.close();
});

async function status(door: Door, { method, url }: KnownRoute): Promise<number> {
  calls += 1;
  // Another client each time: none is refused for having asked too often.
  const source = `10.${(calls >> 16) & 255}.${(calls >> 8) & 255}.${calls & 255}`;
  const forwarded = { 'x-forwarded-for': source, 'x-forwarded-proto': door.via };
  const hasBody = !['GET', 'HEAD', 'OPTIONS', 'DELETE'].includes(method);
  ({ peer } = door);
  const answer = await apps[door.port].inject({
    method: method as 'GET',
    url: url.replaceAll(/:[A-Za-z_]+/g, 'x1').replaceAll('*', 'x1'),
    remoteAddress: source,
    headers: {
      ...(door.via === 'nobody' ? {} : forwarded),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { payload: '{}' } : {}),
  });
  return answer.statusCode;
}

describe('every route through every door, without a key', () => {
  it('knows the routes of all listeners', () => {
    const names = routes.map(({ method, url }) => `${method} ${url}`);
    for (const known of [
      'GET /peer/v1/memory',
      'GET /agent/v1/desired',
      'POST /host/v1/certificate',
      'GET /api/v1/racks',
    ])
      expect(names).toContain(known);
    expect(names.length).toBeGreaterThan(500);
  });

  it.each(DOORS)('$name', { timeout: 120_000 }, async (door) => {
    const open = OPEN.filter(({ doors }) => doors.includes(door.name));
    const used = new Set<RegExp>();
    const wrong: string[] = [];
    const refusals = new Map<number, number>();
    for (const route of routes) {
      const name = `${route.method} ${route.url}`;
      const code = await status(door, route);
      // Where the route is, 404 says that something behind the guard was asked.
      const known = routesOf(apps[door.port]).some(({ method, url }) => method === route.method && url === route.url);
      const isThere = known && !STARS.has(route.url);
      if (REFUSED.has(code) || (code === 404 && !isThere)) {
        refusals.set(code, (refusals.get(code) ?? 0) + 1);
        continue;
      }
      const line = open.find((one) => one.routes.test(name));
      if (line) used.add(line.routes);
      else wrong.push(`${door.name}: ${name} → ${code}`);
      if (line) table.push(`${door.name}: ${name} → ${code} (${line.why})`);
    }
    const sums = [...refusals].map(([code, count]) => `${count} × ${code}`).join(', ');
    table.push(`${door.name}: all other routes → ${sums}`);
    expect(wrong).toEqual([]);
    expect(open.filter((one) => !used.has(one.routes)).map(({ routes: unused }) => String(unused))).toEqual([]);
  });
});

describe('what regions ask each other', () => {
  it.each([
    '/peer/v1/memory',
    '/peer/v1/memory/',
    '/peer/v1/memory?a=b',
    '//peer/v1/memory',
    '/peer//v1/memory',
    '/%70eer/v1/memory',
    '/peer/v1/%6demory',
    '/peer%2fv1%2fmemory',
    '/PEER/v1/memory',
    '/health/../peer/v1/memory',
    '/MAAS/../peer/v1/memory',
    'http://r1:5251/peer/v1/memory',
    '/peer/v1/anything',
  ])('%s is nothing for a client', async (url) => {
    peer = REGION;
    const ask = (headers: Record<string, string>) => apps['5251'].inject({ method: 'GET', url, headers });
    for (const headers of [
      { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' },
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=192.0.2.1' },
    ]) {
      const { statusCode, body } = await ask(headers as Record<string, string>);
      table.push(`5240, 5443: GET ${url} → ${statusCode} ${(JSON.parse(body) as { detail: string }).detail}`);
      expect([400, 403, 404]).toContain(statusCode);
    }
  });

  it('is answered to a region node that asks directly', async () => {
    peer = REGION;
    const { statusCode } = await apps['5251'].inject({ method: 'GET', url: '/peer/v1/memory' });
    expect(statusCode).toBe(200);
  });
});

describe("what a rack's relay hands on", () => {
  it.each([
    '/agent/v1/desired?generation=0&digest=&wait=0',
    '/MAAS/metadata/../../agent/v1/desired',
    '/agent/v1/desired/../../../MAAS/metadata/',
    '/MAAS/metadata/%2e%2e/%2e%2e/agent/v1/desired',
    '/agent/v1/%64esired?generation=0&digest=&wait=0',
    '//agent/v1/desired',
    '/images/../agent/v1/desired',
    'http://regent-region/agent/v1/desired',
  ])('%s is no call of its node', async (url) => {
    peer = RACK;
    const headers = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'x' };
    const { statusCode, body } = await apps['5250'].inject({ method: 'GET', url, headers });
    table.push(`5248: GET ${url} → ${statusCode} ${body.trim()}`);
    expect([400, 401, 403, 404]).toContain(statusCode);
  });
});
