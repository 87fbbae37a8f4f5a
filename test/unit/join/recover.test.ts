import { beforeAll, describe, expect, it } from 'vitest';
import { parseEpoch } from '../../../src/core/epoch.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { digestOf } from '../../../src/core/stable-json.ts';
import { PATHS, UNITS } from '../../../src/join/paths.ts';
import { formatPosition, positionOf } from '../../../src/join/recover/look.ts';
import { parseRecoverOptions, type RecoverOptions } from '../../../src/join/recover/options.ts';
import { runRecover } from '../../../src/join/recover/recover.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import { isEpochSigned } from '../../../src/pki/statement.ts';
import { testAuthority } from '../../kit/cluster/pki.ts';
import { FakeSurvivor, NOW, SITE } from './fake-survivor.ts';

const OPTIONS: RecoverOptions = { site: SITE, isCheck: false, isJson: false, deadlineMs: 60_000 };
let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority('c1', NOW - 86_400_000);
});
const recover = (host: FakeSurvivor, options: Partial<RecoverOptions> = {}) =>
  runRecover(host.ports(), { ...OPTIONS, ...options });
const survivor = (isExternal = false) => new FakeSurvivor(authority, isExternal);

function expectRecovered(host: FakeSurvivor, when: string): void {
  const [rows] = host.rows;
  expect(host.rows.length, when).toBe(1);
  expect(
    rows?.lost.map(({ name }) => name),
    when,
  ).toEqual(['r1', 'r3']);
  const dcs = host.part('dcs');
  const told = dcs['recovered'] as { epoch: string; signature: string };
  const epoch = parseEpoch(told.epoch);
  expect(isRejected(epoch) ? '' : epoch.length, when).toBe(1);
  expect(rows?.epoch, when).toEqual(epoch);
  // What daemons tell is what the database has.
  expect(rows?.signature, when).toBe(told.signature);
  expect(isEpochSigned(authority.certificate, isRejected(epoch) ? [] : epoch, told.signature), when).toBe(true);
  expect(host.held().digest, when).toBe(digestOf(host.held().body));
  expect(host.held().generation, when).toBe(41);
  expect(host.enabled.has(UNITS.region) && host.active.has(UNITS.region), when).toBe(true);
  expect(host.text(PATHS.recoverNote), when).toBeNull();
}

describe('regent cluster recover', () => {
  it('makes a cluster of the node that is left, under a new epoch', async () => {
    const host = survivor();
    expect(await recover(host), host.said.join('\n')).toBe(0);
    expectRecovered(host, 'done');
    expect(host.part('dcs')).toMatchObject({
      clusterId: `${SITE}-00000001`,
      isNew: true,
      members: [{ name: 'r2', address: '10.77.0.12' }],
    });
    expect(host.part('db')).toMatchObject({ regions: ['10.77.0.12'], standbys: 0, version: NOW / 1000 + 1 });
    expect(host.part('lb')).toMatchObject({ regions: [{ name: 'r2', address: '10.77.0.12' }] });
    expect(host.part('vip')).toMatchObject({
      vip: '10.77.0.10/24',
      peers: [],
      isMember: true,
      clusterId: `${SITE}-00000001`,
    });
    // Racks may go on; the lost nodes may not come in.
    expect(host.part('firewall')).toMatchObject({
      members: ['10.77.0.10', '10.77.0.12'],
      nodes: ['10.77.0.10', '10.77.0.12', '10.77.0.21'],
    });
    expect(host.held().body.regions).toEqual([{ name: 'r2', address: '10.77.0.12' }]);
    expect(host.shown.join('')).toContain('r2 is a cluster of one, under epoch 2 (00000001). Lost: r1, r3.');
  });

  it('names the lost nodes of earlier recoveries, too, as the region will publish them', async () => {
    const host = survivor();
    const held = host.held();
    const lost = [
      { name: 'r3', address: '10.77.0.13' },
      { name: 'r9', address: '10.77.0.19' },
    ];
    const dcs = held.body.services['dcs'];
    if (!dcs?.desired) throw new Error('the ledger has no etcd');
    const recovered = { epoch: `2/00000009@${NOW - 86_400_000}`, signature: 'A'.repeat(64), lost };
    const body = {
      ...held.body,
      services: { ...held.body.services, dcs: { ...dcs, desired: { ...dcs.desired, recovered } } },
    };
    host.put(PATHS.ledger, JSON.stringify({ ...held, digest: digestOf(body), body }));
    expect(await recover(host), host.said.join('\n')).toBe(0);
    expect(host.part('dcs')['recovered']).toMatchObject({
      epoch: expect.stringMatching(/^3\//),
      lost: [
        { name: 'r1', address: '10.77.0.11' },
        { name: 'r3', address: '10.77.0.13' },
        { name: 'r9', address: '10.77.0.19' },
      ],
    });
    // A recovery tells the database of its own.
    expect(host.rows.at(-1)?.lost.map(({ name }) => name)).toEqual(['r1', 'r3']);
  });

  it('says who is missing, what is here, and what may be missing', async () => {
    const host = survivor();
    expect(await recover(host, { isCheck: true, site: null })).toBe(0);
    const said = host.said.join('\n');
    expect(said).toContain(`Site ${SITE}, epoch 1.`);
    expect(said).toContain('etcd of this host does not answer for one (context deadline exceeded)');
    expect(said).toContain('Missing: r1 (10.77.0.11). Tried just now, ports 5250, 5443, 2380, 22: connect ETIMEDOUT.');
    expect(said).toContain(
      'r2 has the database up to 0/3000148, timeline 4, as a standby; its last transaction or checkpoint is of 2026-11-20 09:59:59+00.',
    );
    expect(said).toContain(
      'each commit waited for r2: no write that was acknowledged up to then is missing. The primary had 0/3000150 at its last report: 8 bytes more than are here.',
    );
    expect(said).toContain('If r1 and r3 went on after this node was cut off');
    expect(said).toContain('None of the 1 other hosts');
    expect(host.questions).toEqual([]);
    expect(host.held().generation).toBe(40);
  });

  it.each<[string, (host: FakeSurvivor) => void, RegExp]>([
    [
      'no standby that commits waited for',
      (host) => (host.sync = { leader: 'r1', sync_standby: 'r3' }),
      /did not wait for r2 but for r3: acknowledged writes .* may be missing/,
    ],
    [
      'the primary itself',
      (host) => {
        host.sync = { leader: 'r2', sync_standby: 'r1,r3' };
        host.live = { isStandby: false, position: '0/4000000', lastAt: null, timeline: 4 };
      },
      /r2 was the primary: every write that it acknowledged is here/,
    ],
    ['etcd that does not tell', (host) => (host.sync = null), /does not show which standbys the primary waited for/],
    [
      'PostgreSQL that does not run',
      (host) => (host.live = null),
      /at least up to 0\/3000100 \(PostgreSQL does not run/,
    ],
  ])('tells of %s', async (_, prepare, words) => {
    const host = survivor();
    prepare(host);
    expect(await recover(host, { isCheck: true })).toBe(0);
    expect(host.said.join('\n')).toMatch(words);
  });

  it.each<[string, (host: FakeSurvivor) => void, RegExp]>([
    ['etcd has a majority', (host) => (host.hasMajority = true), /answers with its majority: the cluster is not lost/],
    [
      'another region node answers',
      (host) => (host.reach = (address) => (address === '10.77.0.13' ? null : 'no route')),
      /r3 \(10\.77\.0\.13\) is there: port 5250 answers/,
    ],
    [
      'the host of another one runs',
      (host) => (host.reach = () => 'connect ECONNREFUSED 10.77.0.11:5250: refused'),
      /r1 \(10\.77\.0\.11\) is there: it refuses port/,
    ],
    ['somebody else has the floating address', (host) => (host.vipNode = 'r3'), /r3 answers at the floating address/],
    ['there is no database', (host) => (host.marks = []), /no readable database/],
    [
      'its copy is half made',
      (host) => (host.marks = ['PG_VERSION', 'backup_label', 'standby.signal']),
      /is not complete/,
    ],
    ['its join has not ended', (host) => host.put(PATHS.joinNote, '{}'), /join of this host is unfinished/],
    ['its own epoch is over', (host) => host.put(PATHS.epochOver, '{}'), /belongs to an epoch that is over/],
    [
      'the key of the authority is missing',
      (host) => host.files.delete(PATHS.authorityKey),
      /key of the cluster's authority is missing/,
    ],
    ['it is not a region node', (host) => host.put(PATHS.ledger, '{}'), /not a region node of a cluster/],
  ])('is refused where %s, and changes nothing', async (_, prepare, words) => {
    const host = survivor();
    prepare(host);
    const before = new Map(host.files);
    expect(await recover(host)).toBe(1);
    expect(host.said.join('\n')).toMatch(words);
    expect(host.files).toEqual(before);
    expect(host.active.has(UNITS.region)).toBe(true);
  });

  it('asks for the name of the site: another one, or nobody, ends it', async () => {
    const host = survivor();
    const before = new Map(host.files);
    expect(await recover(host, { site: 'other' })).toBe(1);
    host.typed = null;
    expect(await recover(host, { site: null })).toBe(2);
    host.typed = 'r2';
    expect(await recover(host, { site: null })).toBe(1);
    expect(host.files).toEqual(before);
    host.typed = ` ${SITE} `;
    expect(await recover(host, { site: null })).toBe(0);
    expect(host.questions.at(-1)).toContain(SITE);
  });

  it.each([false, true])(
    'goes on at every place, with the same epoch, also after a power cut (effect done, answer lost: %s)',
    async (after) => {
      let kills = 0;
      for (let kill = 1; ; kill += 1) {
        const host = survivor();
        if (!(await host.killed(kill, after, () => recover(host)))) break;
        kills += 1;
        if (kill % 2 === 0) host.reboot();
        const writes = host.writes;
        const isBegun = host.text(PATHS.recoverNote) !== null;
        // The very last effect was done: there is nothing more to do, and nobody else to lose.
        const isOver = !isBegun && host.rows.length > 0;
        const code = await recover(host, isBegun ? { site: null } : {});
        expect(code, `killed at ${kill}: ${host.said.join('\n')}`).toBe(isOver ? 1 : 0);
        // Whoever goes on is asked nothing.
        expect(host.questions, `killed at ${kill}`).toEqual([]);
        expectRecovered(host, `killed at ${kill}`);
        expect(host.text(`${PATHS.etcdData}/member`), `killed at ${kill}`).toBe('new');
        expect(host.writes).toBeGreaterThanOrEqual(writes);
      }
      expect(kills).toBeGreaterThan(15);
    },
    120_000,
  );

  it("does the same where the database is an operator's own, without a word of it", async () => {
    const host = survivor(true);
    host.marks = [];
    expect(await recover(host), host.said.join('\n')).toBe(0);
    expectRecovered(host, 'external');
    expect(host.said.join('\n')).toContain("The database is the operator's own");
  });

  it('gives one JSON object to scripts', async () => {
    const host = survivor();
    expect(await recover(host, { isJson: true })).toBe(0);
    expect(JSON.parse(host.shown.join(''))).toMatchObject({
      epoch: `2/00000001@${NOW}`,
      node: 'r2',
      lost: ['r1', 'r3'],
      state: 'recovered',
      already: false,
    });
  });

  it('ends at its deadline and says what is missing', async () => {
    const host = survivor();
    const ports = host.ports();
    expect(await runRecover({ ...ports, askReady: async () => 'the region sleeps' }, OPTIONS)).toBe(5);
    expect(host.said.join('\n')).toContain('Missing: the region sleeps');
  });
});

describe('its arguments', () => {
  it.each([['--nonsense'], ['--site'], ['word'], ['--timeout', '0'], ['--check', '--site', 'x']])(
    'refuse %s %s %s',
    (...argv) => {
      expect(parseRecoverOptions(argv.filter((word) => word !== undefined))).toMatchObject({ code: 'bad_request' });
    },
  );
  it('are read', () => {
    expect(parseRecoverOptions(['--site', 'x', '--json', '--timeout=9'])).toEqual({
      site: 'x',
      isCheck: false,
      isJson: true,
      deadlineMs: 9000,
    });
    expect(parseRecoverOptions(['--help'])).toBe('help');
  });
});

describe("PostgreSQL's positions", () => {
  it.each([
    ['0/0', 0n],
    ['0/3000148', 0x3000148n],
    ['1A/FF', 0x1a000000ffn],
  ])('%s', (text, bytes) => {
    expect(positionOf(text)).toBe(bytes);
    expect(formatPosition(bytes)).toBe(text);
  });
  it('are nothing else', () =>
    expect(['', '0', 'x/1', '0/123456789'].map(positionOf)).toEqual([null, null, null, null]));
});
