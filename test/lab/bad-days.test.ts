import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startForwarder } from '../../src/lab/outer/forward.ts';
import { kill, up } from '../../src/lab/lab.ts';
import { signal } from '../../src/lab/process.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import { createClient } from '../../src/contract/client.ts';
import { systemRandom } from '../../src/main/process.ts';
import { audit, EMPTY_LEDGER } from '../kit/faults/ledger.ts';
import { type Load, startLoad } from '../kit/faults/load.ts';
import { LAB_PROGRAM, openProductLab, PACKAGES_FILE, type ProductLab } from '../kit/lab.ts';
import { openSite, type Site, told } from '../kit/site.ts';
import { pause, until } from '../kit/until.ts';

const ZONE = 'regent.internal';
const ANCHOR = `anchor.${ZONE}`;
const ZONE_FILE = `/etc/bind/regent/zones/db.${ZONE}`;
const KEY = '/etc/bind/rndc.key';

/** What goes wrong with a site that runs, on one real host; each case is left healthy, without hands. */
describe('bad days', () => {
  let lab: ProductLab;
  let site: Site;
  /** Longest time without an answer to the anchor since the case began. */
  let silence: Silence;
  let start = 0;
  beforeAll(async () => {
    lab = await openProductLab('bad');
    site = openSite(lab);
    await site.flows(ANCHOR);
    await site.well();
  }, 400_000);
  afterAll(async () => {
    silence?.stop();
    site?.close();
    await lab?.close();
  }, 300_000);
  beforeEach(() => {
    silence = watchAnswers(site);
    start = performance.now();
  });
  afterEach(async () => {
    silence.stop();
    await site.well();
  }, 100_000);

  const dnsIs = (state: string, deadlineMs = 60_000) =>
    until(`dns ${state}`, async () => (await site.service('dns')).state === state, { deadlineMs, everyMs: 200 });
  const pidOf = (unit: string) => site.sh(`systemctl show --property=MainPID --value ${unit}`);
  const killMain = (unit: string) => site.sh(`systemctl kill --kill-whom=main --signal=KILL ${unit}`);
  /** Both sides of the data: what was acknowledged is there once, and is answered. */
  const expectKept = async (load: Load) => {
    const { acknowledged, ...bad } = await audit(site.client, site.dns, load, EMPTY_LEDGER);
    expect(bad).toEqual({ missing: [], twice: [], unanswered: [], failures: [] });
    return acknowledged;
  };
  const loadOn = async (domain: string, client = site.client, writesPerSecond = 20) => {
    await site.client.call('domain.create', { body: { name: domain } });
    return startLoad({ client, dns: site.dns, domain, probe: ANCHOR, writesPerSecond, firstNumber: 0 });
  };
  /** A write that is sent from now on is acknowledged. */
  const nextWrite = (load: Load) => {
    const now = performance.now();
    return until('a write', () => load.acknowledged.find((write) => write.sentAt > now), { deadlineMs: 60_000 });
  };

  it('the checker refuses: the old answers go on, and it heals when the cause is gone', async () => {
    await site.sh(`cp -p ${KEY} /root/key && echo 'nonsense here;' >${KEY}`);
    const pid = await pidOf('named');
    const fqdn = `refused.${ZONE}`;
    await site.client.call('record.create', { body: { fqdn, type: 'TXT', data: fqdn } });
    let seen = performance.now();
    try {
      await dnsIs('rejected');
      const shown = await site.tell('service', 'show', 'dns');
      expect(shown).toMatch(/State:\s+rejected/);
      // File and line, and nothing of what stands in a file that is not ours.
      expect(shown).toContain(`${KEY}:1: `);
      expect(shown).not.toContain('nonsense');
      expect(shown).toMatch(/Since:\s+\d{4}-/);
      expect((await site.regent('status')).code).toBe(6);
      expect([await site.answers(fqdn), await pidOf('named')]).toEqual([false, pid]);
    } finally {
      seen = performance.now();
      await site.sh(`cat /root/key >${KEY}`);
    }
    await until('the new record', () => site.answers(fqdn), { deadlineMs: 60_000 });
    expect(silence.longest()).toBeLessThan(3_000);
    const healed = Math.round((performance.now() - seen) / 1000);
    told(
      'checker refuses',
      `rejected with its words, DNS gap ${silence.longest()} ms, healed ${healed} s after`,
      start,
    );
  });

  it('the folder is full: the old answers go on, and it heals when there is room', async () => {
    // A small file system of its own in place of the folder, as large as what is in it.
    await site.sh(
      `cd / && cp -a /etc/bind/regent /root/regent && mount -t tmpfs -o size=1m,mode=2755,gid=bind tmpfs /etc/bind/regent &&
       cp -a /root/regent/. /etc/bind/regent/ && chgrp bind /etc/bind/regent && chmod 2755 /etc/bind/regent &&
       systemctl restart regent-helper named && mount -o remount,size=$(df --output=used -k /etc/bind/regent | tail -1 | tr -d ' ')k /etc/bind/regent`,
      60_000,
    );
    try {
      await site.well();
      silence.reset();
      const fqdn = `full.${ZONE}`;
      await site.client.call('record.create', { body: { fqdn, type: 'TXT', data: fqdn } });
      await dnsIs('install_failed');
      const shown = await site.tell('service', 'show', 'dns');
      expect(shown).toMatch(/full|no space/i);
      // One question may go unanswered; how long none was answered is judged below.
      await until('the old answer', () => site.answers(ANCHOR), { deadlineMs: 3_000 });
      const gap = silence.longest();
      await site.sh('mount -o remount,size=4m /etc/bind/regent');
      const seen = performance.now();
      await until('the new record', () => site.answers(fqdn), { deadlineMs: 60_000 });
      expect(gap).toBeLessThan(3_000);
      const healed = Math.round((performance.now() - seen) / 1000);
      told('folder full', `install_failed, DNS gap ${gap} ms, healed ${healed} s after`, start);
    } finally {
      // The files that are there now become those of the folder below.
      await site.sh(
        `systemctl stop regent-agent && rm -rf /root/regent && cp -a /etc/bind/regent /root/regent && umount -l /etc/bind/regent &&
         rm -rf /etc/bind/regent/* /etc/bind/regent/.[a-z]* && cp -a /root/regent/. /etc/bind/regent/ && rm -rf /root/regent &&
         systemctl restart regent-helper named && systemctl start regent-agent`,
        60_000,
      );
    }
    await site.flows(`room.${ZONE}`);
  });

  it('hands on the daemon: a stopped unit is started, a file changed by hand is put back', async () => {
    await site.sh('systemctl stop named', 60_000);
    await until('named', async () => (await site.answers(ANCHOR)) && (await pidOf('named')) !== '0', {
      deadlineMs: 60_000,
    });
    const gap = silence.longest();
    await until('the word of it', async () => (await site.service('dns')).lastAction?.kind === 'start');
    const before = await site.sh(`sha256sum ${ZONE_FILE}`);
    // A person who knows how: the serial too, and named takes it.
    await site.sh(
      `serial=$(sed -n 's/^\\s*\\([0-9]*\\) ; serial/\\1/p' ${ZONE_FILE}) && sed -i "s/$serial ; serial/$((serial + 7)) ; serial/" ${ZONE_FILE} &&
       echo 'byhand TXT "byhand.${ZONE}"' >>${ZONE_FILE} && rndc reload ${ZONE}`,
    );
    await until('the file', async () => (await site.sh(`sha256sum ${ZONE_FILE}`)) === before, { deadlineMs: 60_000 });
    await until('the answer', async () => !(await site.answers(`byhand.${ZONE}`)), { deadlineMs: 60_000 });
    const shown = await site.tell('service', 'show', 'dns');
    expect(shown).toMatch(/Because:/);
    told('hands on the daemon', `started after ${gap} ms without answers; file and answer are back`, start);
  });

  it('the region is gone while the agent runs: answers go on, and its absence is told', async () => {
    await site.sh('systemctl stop regent-regiond', 60_000);
    const gone = performance.now();
    // Nobody tells the agent what to do, and nobody but the agent sees this.
    await killMain('chrony');
    await until('15 s of absence', () => performance.now() - gone > 15_000, { deadlineMs: 20_000 });
    expect(silence.longest()).toBeLessThan(3_000);
    await site.sh('systemctl start regent-regiond', 90_000);
    const took = await site.flows(`back.${ZONE}`);
    const finding = await until(
      'the word of the absence',
      async () => (await site.service('dns')).findings.find(({ code }) => code === 'region_away'),
      { deadlineMs: 30_000 },
    );
    expect(finding.sentence).toMatch(
      /No region answered from \S+Z to \S+Z; the configuration of this node stayed in force/,
    );
    expect(await site.tell('service', 'show', 'dns')).toContain('No region answered from');
    told('region gone', `DNS gap ${silence.longest()} ms; a record flows ${Math.round(took)} ms after`, start);
  });

  it('PostgreSQL restarted under 20 writes/s: nothing acknowledged is lost, nothing is there twice', async () => {
    const load = await loadOn('restarted.test');
    await nextWrite(load);
    load.mark();
    await site.sh('systemctl restart patroni', 90_000);
    await nextWrite(load);
    const { write } = load.gaps();
    await load.stop();
    const count = await expectKept(load);
    expect(silence.longest()).toBeLessThan(3_000);
    told('PostgreSQL restarted', `${count} writes kept, write gap ${Math.round(write)} ms`, start);
  });

  it('two regions on one database: both take writes, publications never go back, either may be killed', async () => {
    const second = [
      'REGION_LISTEN=0.0.0.0:5241',
      'REGION_AGENT_LISTEN=unix:/tmp/second.sock',
      'REGION_AGENT_TLS_LISTEN=off',
      'NODE_NAME=second',
    ];
    const node = '/opt/regent/current/bin/node /opt/regent/current/dist/regiond.mjs';
    await site.sh(
      `systemd-run --quiet --uid=regent --gid=regent --unit=second-region -p Type=notify -p NotifyAccess=all -p Restart=always \\
       -p RestartSec=1 ${second.map((item) => `-E REGENT_${item}`).join(' ')} ${node}`,
      90_000,
    );
    const target = { name: 'r1', netns: lab.layout.hostNetns('r1'), address: '127.0.0.1', port: 5241 };
    const forwarder = await startForwarder({ target, firstPort: 5340, program: LAB_PROGRAM });
    try {
      const url = `http://127.0.0.1:${forwarder.port}`;
      const other = createClient({ url, apiKey: lab.apiKey, random: systemRandom() });
      const loads = [await loadOn('one.test', site.client, 8), await loadOn('two.test', other, 8)];
      const seen: { generation: number; serial: number }[] = [];
      const look = async () => {
        const { wanted } = (await site.client.call('node.show', { params: { node: 'r1' } })).body;
        seen.push({ generation: wanted, serial: await site.serial('one.test') });
      };
      for (const unit of ['second-region', 'regent-regiond']) {
        await Promise.all(loads.map(nextWrite));
        const pid = await pidOf(unit);
        await killMain(unit);
        await Promise.all([...loads.map(nextWrite), look()]);
        await until('another process', async () => !['0', pid].includes(await pidOf(unit)), { deadlineMs: 30_000 });
        await look();
      }
      await Promise.all(loads.map((load) => load.stop()));
      const counts = [];
      for (const load of loads) counts.push(await expectKept(load));
      await look();
      const sorted = (pick: (item: (typeof seen)[number]) => number) => seen.map(pick).toSorted((a, b) => a - b);
      expect(seen.map((item) => item.generation)).toEqual(sorted((item) => item.generation));
      expect(seen.map((item) => item.serial)).toEqual(sorted((item) => item.serial));
      const rows = await publications();
      // In the order of generations: each is of a newer configuration, by whichever process.
      expect(rows.map((row) => row.revision)).toEqual(rows.map((row) => row.revision).toSorted((a, b) => a - b));
      expect(new Set(rows.map((row) => row.process)).size).toBeGreaterThan(1);
      told('two regions', `${counts.join(' + ')} writes kept, ${rows.length} publications in order`, start);
    } finally {
      signal(forwarder, 'SIGKILL');
      await site.trySh('systemctl stop second-region', 60_000);
    }
  });

  it('the agent killed while it applies: the next one ends right', async () => {
    const load = await loadOn('killed.test', site.client, 10);
    const hits = { between: 0, kills: 0 };
    await nextWrite(load);
    for (let round = 0; round < 20; round += 1) {
      // Every other time at the moment at which a file of the change has been installed; else anywhere.
      const isAimed = round % 2 === 0;
      if (!isAimed) await pause(Math.random() * 800);
      const moment = 'touch /root/mark; while ! [ "$file" -nt /root/mark ] && [ $SECONDS -lt 5 ]; do :; done';
      const said = await site.sh(
        `bash -c '
          file=/etc/bind/regent/zones/db.killed.test
          pid=$(systemctl show --property=MainPID --value regent-agent)
          ${isAimed ? moment : ':'}
          [ "$pid" -gt 1 ] && kill -KILL "$pid"
          there=$(sed -n "s/^[[:space:]]*\\([0-9]*\\) ; serial/\\1/p" "$file")
          served=$(dig +short +time=1 +tries=1 @127.0.0.1 killed.test SOA | cut -d" " -f3)
          [ -z "$there" ] || [ "$there" = "$served" ] && echo same || echo between
          systemctl start regent-agent'`,
        60_000,
      );
      hits.kills += 1;
      if (said.includes('between')) hits.between += 1;
    }
    await nextWrite(load);
    await load.stop();
    const count = await expectKept(load);
    expect(hits.between).toBeGreaterThan(0);
    expect(silence.longest()).toBeLessThan(3_000);
    const seen = `${hits.kills} kills, ${hits.between} of them between install and activate, ${count} writes kept`;
    told('agent killed', `${seen}, DNS gap ${silence.longest()} ms`, start);
  });

  it('the ledger spoiled: the agent says so and asks anew', async () => {
    const ledger = '/var/lib/regent/agent/ledger.json';
    await site.sh(`printf '{"nodeId": "x' >${ledger} && systemctl restart regent-agent`, 60_000);
    await until(
      'the word of it',
      async () => (await site.tell('service', 'show', 'dns')).includes('The ledger is not JSON'),
      {
        deadlineMs: 30_000,
      },
    );
    const took = await site.flows(`asked.${ZONE}`);
    expect(JSON.parse(await site.sh(`cat ${ledger}`))).toMatchObject({ body: { services: { dns: {} } } });
    expect(silence.longest()).toBeLessThan(3_000);
    told('ledger spoiled', `told, set aside, and asked anew; a record flows after ${Math.round(took)} ms`, start);
  });

  it('the power cut under writes: everything comes back by itself with every acknowledged write', async () => {
    // What was sent to a host without power is never answered: it is sent again sooner than usual.
    const patience = { timeoutMs: 5_000, deadlineMs: 90_000 };
    const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom(), ...patience });
    const load = await loadOn('power.test', client, 8);
    await nextWrite(load);
    await kill(lab.layout, 'r1');
    const cut = performance.now();
    const times = { dns: 0, api: 0 };
    const isReady = async () => (await fetch(`${lab.url}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
    const [state] = await Promise.all([
      up({
        layout: lab.layout,
        topology: SINGLE,
        packagesFile: PACKAGES_FILE,
        program: LAB_PROGRAM,
        progress: () => {},
      }),
      until('DNS', () => site.answers(ANCHOR), { deadlineMs: 120_000 }).then(() => {
        times.dns = performance.now() - cut;
      }),
      until('the API', isReady, { deadlineMs: 120_000 }).then(() => {
        times.api = performance.now() - cut;
      }),
    ]);
    expect(state.hosts['r1']).toBeDefined();
    await nextWrite(load);
    await load.stop();
    const count = await expectKept(load);
    await site.well();
    expect(await site.sh('systemctl --failed --no-legend --plain')).toBe('');
    expect(times.dns).toBeLessThan(times.api);
    const after = `DNS after ${(times.dns / 1000).toFixed(1)} s, API after ${(times.api / 1000).toFixed(1)} s`;
    told('power cut', `${after}, ${count} writes kept`, start);
  });

  /** What was published for r1, in the order of generations. */
  async function publications(): Promise<{ revision: number; process: string }[]> {
    const query = 'select generation, revision, process from publications order by generation';
    const text = await site.sh(
      `setpriv --reuid=postgres --regid=postgres --init-groups psql -qAt -F ' ' -d regent -c '${query}'`,
    );
    return text.split('\n').map((line) => {
      const [, revision = '', process = ''] = line.split(' ');
      return { revision: Number(revision), process };
    });
  }
});

interface Silence {
  longest(): number;
  reset(): void;
  stop(): void;
}

/** Asks for the anchor all the time and keeps the longest time without an answer, ms. */
function watchAnswers(site: Site): Silence {
  let last = performance.now();
  let longest = 0;
  let isOpen = true;
  const look = () => Math.round(Math.max(longest, performance.now() - last));
  const timer = setInterval(() => {
    void site.answers(ANCHOR).then((isAnswered) => {
      if (!isAnswered || !isOpen) return;
      longest = look();
      last = performance.now();
    });
  }, 100);
  return {
    longest: look,
    reset: () => {
      longest = 0;
      last = performance.now();
    },
    stop: () => {
      isOpen = false;
      clearInterval(timer);
    },
  };
}
