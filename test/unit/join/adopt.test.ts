import { describe, expect, it } from 'vitest';
import type { Command, ExecResult } from '../../../src/core/host-values.ts';
import { checkAdoption, runAdopt } from '../../../src/join/init/adopt.ts';
import { PATHS, UNITS } from '../../../src/join/paths.ts';
import type { InitPorts } from '../../../src/join/ports.ts';
import { argvOf } from '../../kit/argv-of.ts';
import { FakeSite } from './fake-site.ts';

const NODE = '85c20279';
const KEY = 'regent:0a0a0a:0b0b0b';
const CREDENTIAL = `node:${NODE}:${'5e'.repeat(32)}\n`;
const ADOPT = '/opt/regent/current/ha/postgres/adopt';
const DEADLINE_MS = 60_000;
const UNTIL_KILLED = 1_000_000;

/** A host that version 0.2.0 made a single node of: a private database, no cluster. */
class OldSite extends FakeSite {
  /** Data of the private database, and of the cluster's; `isEmpty`: Patroni found none and has begun an empty database. */
  data = { old: true, new: false, isEmpty: false };
  clusterId: string | null = null;
  /** A region has found a database that knows of no cluster, and told the agent to take the cluster's services away. */
  isMisled = false;
  /** Numbers of published content, by service. */
  readonly numbers = new Map<string, number>();
  copyMs = 0;
  free = 9000;
  #waited = 0;
  #compiled = 0;

  constructor() {
    super();
    const done = { nodeId: NODE, name: 'r1', address: '10.77.0.11', isKeySeen: true };
    this.put(PATHS.initDone, JSON.stringify(done));
    this.put(PATHS.credential, CREDENTIAL);
    this.put(PATHS.rootConfig, JSON.stringify({ current: 'default', contexts: { default: { apiKey: KEY } } }));
    const body = { services: { dns: { desired: 'zones' } } };
    this.put(PATHS.ledger, JSON.stringify({ nodeId: NODE, generation: 8, digest: 'x', revision: 12, body }));
    this.isMigrated = true;
    this.site = { nodeId: NODE, nodeName: 'r1', addresses: ['10.77.0.11'], domain: 'regent.internal' };
    for (const unit of [UNITS.agent, UNITS.region, 'regent-helper.service']) this.units.set(unit, 'active');
    for (const unit of Object.values(UNITS)) this.enabled.add(unit);
  }

  /** The power is back: what is enabled starts, and the agent brings up what its ledger says. */
  boot(): void {
    this.life = { left: Number.POSITIVE_INFINITY, after: false };
    this.#startAgent();
    const isDatabaseUp = this.data.new && this.services().db !== undefined;
    if (isDatabaseUp && this.clusterId === null && this.enabled.has(UNITS.region)) this.isMisled = true;
  }

  /** What the agent goes by. */
  services(): { readonly db?: { readonly number: number } } {
    return (JSON.parse(this.text(PATHS.ledger) ?? '') as { body: { services: { db?: { number: number } } } }).body
      .services;
  }

  adoption(changes: Partial<InitPorts> = {}): InitPorts {
    const ports = this.ports();
    const { host, database } = ports;
    return {
      ...ports,
      host: {
        ...host,
        exec: async (command) => this.#answer(command) ?? (await host.exec(command)),
        units: {
          ...host.units,
          act: async (unit, verb, timeoutMs) => {
            if (verb === 'stop') this.effect(() => this.units.set(unit, 'inactive'));
            else await host.units.act(unit, verb, timeoutMs);
            if (unit === UNITS.agent && verb !== 'stop') this.#startAgent();
          },
        },
      },
      database: {
        ...database,
        writeCluster: async (_nodeId, { id, versions }) =>
          this.effect(() => {
            this.clusterId = id;
            for (const { service, version } of versions) this.numbers.set(service, version);
            return null;
          }),
      },
      compile: () => {
        const number = (this.#compiled += 1);
        const row = (service: string) => ({ service, key: 'k', digest: 'd', version: number });
        return { body: { services: { db: { number } } } as never, versions: [row('db'), row('dns')], refusals: [] };
      },
      askRegion: async (_url, apiKey) => ({ isReady: apiKey === KEY && this.data.new && !this.data.isEmpty, why: '' }),
      monotonic: () => ports.monotonic() + this.#waited,
      ...changes,
    };
  }

  #startAgent(): void {
    const ledger = JSON.parse(this.text(PATHS.ledger) ?? '{}') as { body: { services: object } };
    if ('db' in ledger.body.services && !this.data.new) this.data = { ...this.data, new: true, isEmpty: true };
  }

  #answer(command: Command): ExecResult | null {
    const argv = argvOf(command);
    const [program, word] = argv;
    const answer = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };
    if (program === 'du') return { ...answer, stdout: '44\t/var/lib/regent/db/17\n' };
    if (program === 'df') return { ...answer, stdout: `Avail\n${this.free}\n` };
    if (argv.includes('disable')) return this.effect(() => (argv.forEach((unit) => this.enabled.delete(unit)), answer));
    if (program !== ADOPT) return null;
    if (this.data.isEmpty) return { ...answer, code: 1, stderr: 'adopt: another database' };
    this.#waited += this.copyMs;
    return this.effect(() => {
      this.data = { ...this.data, new: true, old: word === '--keep' && this.data.old };
      return answer;
    });
  }
}

const adopt = (site: OldSite) => runAdopt(site.adoption(), DEADLINE_MS);

function expectAdopted(site: OldSite, when: string): void {
  expect(site.data, when).toEqual({ old: false, new: true, isEmpty: false });
  expect(site.clusterId, when).toBe(`regent-${NODE}`);
  expect(JSON.parse(site.text(PATHS.initDone) ?? ''), when).toMatchObject({
    clusterId: `regent-${NODE}`,
    nodeId: NODE,
  });
  expect(site.text(PATHS.credential), when).toBe(CREDENTIAL);
  expect(site.text(PATHS.rootConfig), when).toContain(KEY);
  expect(site.isMisled, when).toBe(false);
  expect([...site.enabled].sort(), when).toEqual(Object.values(UNITS).sort());
  expect(site.services(), when).toEqual({ db: { number: expect.any(Number) }, dns: { desired: 'zones' } });
  // Published under a later one, a lower number would never come into force.
  expect(site.numbers.get('db') ?? site.services().db?.number, when).toBe(site.services().db?.number);
  expect(site.numbers.has('dns'), when).toBe(false);
}

describe('regent init --adopt', () => {
  it('makes a single node a cluster with what it had, once', async () => {
    const site = new OldSite();
    expect(await checkAdoption(site.adoption())).toBe(0);
    expect(await adopt(site)).toBe(0);
    expectAdopted(site, 'at once');
    expect(site.text(PATHS.initNote)).toBeNull();
    const before = new Map(site.files);
    expect(await adopt(site)).toBe(0);
    expect(await checkAdoption(site.adoption())).toBe(0);
    expect(site.files).toEqual(before);
  });

  it.each([false, true])('goes on after a power cut at every place (effect done: %s)', async (after) => {
    const whole = new OldSite();
    whole.life = { left: UNTIL_KILLED, after: false };
    await adopt(whole);
    const total = UNTIL_KILLED - whole.life.left;
    expect(total).toBeGreaterThan(15);
    for (let left = 1; left <= total; left += 1) {
      const site = new OldSite();
      site.life = { left, after };
      await adopt(site).catch(() => undefined);
      expect(site.data.old || site.data.new, `cut at effect ${left}`).toBe(true);
      site.boot();
      const known = site.services().db;
      expect(await adopt(site), `cut at effect ${left}: ${site.said.join('\n')}`).toBe(0);
      expectAdopted(site, `cut at effect ${left}`);
      // What the agent, and so etcd, may have taken.
      expect(known ?? site.services().db, `cut at effect ${left}`).toEqual(site.services().db);
    }
  });

  it('gives the waiting all of its time after a long copy', async () => {
    const site = new OldSite();
    site.copyMs = 10 * DEADLINE_MS;
    let asked = 0;
    const askRegion = async () => ({ isReady: (asked += 1) > 3, why: 'not yet' });
    expect(await runAdopt(site.adoption({ askRegion }), DEADLINE_MS)).toBe(0);
  });

  it('refuses before anything is touched where data would not fit or a port is taken', async () => {
    const site = new OldSite();
    site.free = 500;
    site.listening.push('tcp LISTEN 0 511 0.0.0.0:5432 0.0.0.0:* users:(("postgres",pid=20,fd=18))');
    const before = new Map(site.files);
    expect(await checkAdoption(site.adoption())).toBe(1);
    expect(site.said.join('\n')).toMatch(/44 MB.* 500 MB are free there, but 544 MB are needed/);
    expect(site.said.join('\n')).toMatch(/Port 5432, needed for PostgreSQL/);
    expect(site.said.at(-1)).toBe('Nothing was changed.');
    expect(site.files).toEqual(before);
    // An external database is not copied.
    site.listening.length = 0;
    expect(await checkAdoption(site.adoption({ hasOwnDatabase: true }))).toBe(0);
  });

  it('does not ask again once it is under way', async () => {
    const site = new OldSite();
    site.life = { left: 3, after: true };
    await adopt(site).catch(() => undefined);
    site.boot();
    site.free = 0;
    expect(await checkAdoption(site.adoption())).toBe(0);
  });
});
