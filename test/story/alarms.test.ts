import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertMessage } from '../../src/model/site/alert-target.ts';
import { REGION_NAMES, type RegionName } from '../kit/cluster/nodes.ts';
import { patronictl } from '../kit/cluster/patronictl.ts';
import { type ClusterSite, openClusterSite } from '../kit/cluster/site.ts';
import { patient } from '../kit/machine.ts';
import { told } from '../kit/site.ts';
import { until } from '../kit/until.ts';

/** A client of the management network, outside of the cluster. */
const RECEIVER = { address: '10.77.0.100', port: 8099 };
/** Writes each message into a file, a line each, for an hour at most. */
const SERVER = `const { appendFileSync } = require('node:fs');
  require('node:http').createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data)).on('end', () => { appendFileSync(process.argv[1], body.replace(/\\n/g, ' ') + '\\n'); response.end(); });
  }).listen(${RECEIVER.port}, '${RECEIVER.address}');
  setTimeout(() => process.exit(1), 3600000);`;
/** Most time from a fault to the message about it. */
const ALARM_MS = 60_000;

/** Something that is wrong with a cluster, and the finding that names it. `one`: a region node that is neither the primary nor the holder. */
interface Fault {
  readonly what: string;
  readonly finding: string;
  readonly harm: (one: RegionName) => Promise<unknown>;
  readonly heal: (one: RegionName) => Promise<unknown>;
}

describe('alarms of a cluster', () => {
  let site: ClusterSite;
  let server: ChildProcess | undefined;
  const file = join(tmpdir(), `regent-alarms-${process.pid}`);
  beforeAll(async () => {
    site = await openClusterSite('alarms');
    await site.well(180_000);
    const netns = `/run/netns/${site.lab.layout.clientNetns('mgmt')}`;
    // The client has no runtime of its own.
    server = spawn('nsenter', [`--net=${netns}`, '--', process.execPath, '-e', SERVER, file], { stdio: 'ignore' });
    const url = `http://${RECEIVER.address}:${RECEIVER.port}/`;
    await until('the receiver', async () => {
      const argv = ['curl', '-s', '-m', '2', '-d', '{"kind":"test"}', url];
      return (await site.lab.exec('r1', argv)).code === 0;
    });
    // What stood while the lab started would be taken for what a fault does.
    await until(
      'the end of the findings of the start',
      async () => {
        const { items } = (await site.client.call('finding.list', {})).body;
        return (await lives()).every((name) => items.some(({ id, state }) => id === name && state === 'warning'));
      },
      { deadlineMs: 300_000, everyMs: 2000 },
    );
    await site.client.call('alert-target.create', { body: { name: 'pager', settings: { kind: 'webhook', url } } });
  }, 900_000);
  afterAll(async () => {
    server?.kill();
    rmSync(file, { force: true });
    await site?.close();
  }, 300_000);

  const messages = (): AlertMessage[] => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return text.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as AlertMessage)));
  };
  const of = (finding: string, kind: AlertMessage['kind']) =>
    messages().filter((message) => message.kind === kind && message.finding.id === finding);
  /** Findings of which a life stands: an invariant that has held for less than a minute goes on in it. */
  const lives = async () => {
    const names = await site.nodes.sql(
      'r1',
      "select string_agg(finding, ',') from doctor_findings where ended_at is null",
    );
    if (names === null) throw new Error('the database of r1 does not answer');
    return names.split(',').filter((name) => name !== '');
  };
  /** Does it stand, or does its end still have to arrive? */
  const isOpen = async (finding: string) =>
    (await lives()).includes(finding) || of(finding, 'opened').length > of(finding, 'closed').length;
  const onHost = (host: string, script: string) => site.lab.ask(host, ['sh', '-c', script], 60_000);
  const onPatroni = (...args: string[]) => patronictl(site.lab, 'r1', ...args);
  const setStrict = (value: string) =>
    onPatroni('edit-config', '--quiet', '--force', '--set', `synchronous_mode_strict=${value}`);
  const off = (unit: string) => (one: string) =>
    onHost(one, `systemctl mask --runtime ${unit} && systemctl stop ${unit}`);
  const on = (unit: string) => (one: string) =>
    onHost(one, `systemctl unmask --runtime ${unit} && systemctl start ${unit}`);
  const k2 = { kill: () => site.power.kill('k2'), start: () => site.power.start('k2') };

  const FAULTS: readonly Fault[] = [
    {
      what: 'a region node without power',
      finding: 'standbys',
      harm: (one) => site.power.kill(one),
      heal: (one) => site.power.start(one),
    },
    { what: 'a rack without power', finding: 'rack-pairs', harm: k2.kill, heal: k2.start },
    {
      what: 'an agent that stands',
      finding: 'agents',
      harm: () => off('regent-agent')('k1'),
      heal: () => on('regent-agent')('k1'),
    },
    { what: 'a name server that does not start', finding: 'services', harm: off('named'), heal: on('named') },
    {
      what: 'a load balancer that does not start',
      finding: 'load-balancers',
      harm: off('haproxy'),
      heal: on('haproxy'),
    },
    {
      what: 'a setting of the database that was changed by hand',
      finding: 'database-configuration',
      harm: () => setStrict('false'),
      heal: () => setStrict('true'),
    },
    {
      what: 'Patroni is paused',
      finding: 'failover',
      harm: () => onPatroni('pause', 'regent'),
      heal: () => onPatroni('resume', 'regent'),
    },
    {
      what: 'a clock that nobody sets',
      finding: 'services',
      harm: () => off('chrony')('k1'),
      heal: () => on('chrony')('k1'),
    },
    {
      what: 'a resolver outside that does not answer',
      finding: 'upstreams',
      harm: () => site.tell('setting', 'set', 'upstream_dns', '10.77.0.99'),
      heal: () => site.tell('setting', 'set', 'upstream_dns', ''),
    },
    {
      what: 'a drained region node',
      finding: 'drained',
      harm: (one) => site.tell('node', 'drain', one),
      heal: (one) => site.tell('node', 'undrain', one),
    },
  ];

  it.each(FAULTS)(
    '$what: $finding',
    async ({ what, finding, harm, heal }) => {
      await until(`no finding ${finding}`, async () => !(await isOpen(finding)), { deadlineMs: 300_000, everyMs: 500 });
      const [primaries, holders] = await Promise.all([site.nodes.primaries(), site.nodes.holders()]);
      const one =
        REGION_NAMES.find((host) => !primaries.includes(host) && !holders.includes(host) && host !== 'r1') ?? 'r3';
      const before = messages().length;
      const start = performance.now();
      await harm(one);
      const alarms = () =>
        messages()
          .slice(before)
          .filter((message) => message.kind === 'opened');
      await until(`the alarm ${finding}`, () => alarms().some((message) => message.finding.id === finding), {
        deadlineMs: 2 * patient(ALARM_MS),
        everyMs: 200,
      }).catch((cause: unknown) => {
        const others = alarms().map((message) => message.finding.id);
        throw new Error(`${what}: no alarm ${finding}; others: ${others.join(', ') || 'none'}`, { cause });
      });
      const ms = performance.now() - start;
      await heal(one);
      const others = alarms().flatMap((message) => (message.finding.id === finding ? [] : message.finding.id));
      told(what, `${finding} after ${(ms / 1000).toFixed(1)} s; besides: ${others.join(', ') || 'none'}`, start);
      expect(ms).toBeLessThan(ALARM_MS);
      await site.well(300_000);
      await until(`the end of ${finding}`, async () => !(await isOpen(finding)), { deadlineMs: 300_000, everyMs: 500 });
      expect(alarms().filter((message) => message.finding.id === finding)).toHaveLength(1);
    },
    900_000,
  );

  it('no message came twice', () => {
    const ids = messages().map(({ id, kind }) => `${kind} ${id}`);
    expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
    expect(messages().length).toBeGreaterThanOrEqual(2 * FAULTS.length);
  });
});
