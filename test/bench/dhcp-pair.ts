import { KEY, PairSite, RACKS } from '../kit/dhcp/pair-site.ts';
import { keaOfPair } from '../kit/dhcp/pair-kea.ts';
import { pause, until } from '../kit/until.ts';
import { type Figure, least, median } from './report.ts';

const ROUNDS = 4;
/** A Kea that has just come together with its partner may take all leases once more. */
const SETTLE_MS = 6_000;
/** Offered each second, for so many seconds, by so many machines: more than either pair can serve here. */
const [OFFERED, SECONDS, MACHINES] = [2000, 4, 10_000];
const UNIT = '/opt/regent/current/ha/dhcp/unit';
const CONFIG = `/etc/kea/regent-${KEY}/kea-dhcp4-${KEY}.conf`;
const MAY = `/run/regent-pairs/${KEY}.may`;

/**
 * Two real Keas as a pair, first with our controllers and voters beside them, then alone with Kea's own failover and the same other settings, by turns: leases
 * a second that perfdhcp gets as a relay. Needs root and the Debian 13 root.
 */
export async function benchDhcpPair(): Promise<Figure[]> {
  await using site = await PairSite.open();
  const [ours, alone]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    await site.whole();
    ours.push(await leasesPerSecond(site));
    await beginAlone(site);
    alone.push(await leasesPerSecond(site));
    await endAlone(site);
  }
  const ratio = (median(ours) / median(alone)) * 100;
  const all = (rates: readonly number[]) => rates.map((rate) => rate.toFixed(0)).join(', ');
  return [
    least('leases a second of a rack pair, beside Kea’s own pair', ratio, {
      unit: '%',
      target: 80,
      note: `ours ${all(ours)}/s, Kea's own ${all(alone)}/s; ${OFFERED}/s offered for ${SECONDS} s, by turns`,
    }),
  ];
}

/** Exchanges that were completed, all four messages, each second, when the pair has been whole for a while. */
async function leasesPerSecond(site: PairSite): Promise<number> {
  await pause(SETTLE_MS);
  const load = ['-r', String(OFFERED), '-R', String(MACHINES), '-p', String(SECONDS), '-b', 'mac=52:54:09:00:00:00'];
  const ran = await site.host('sw').run(['perfdhcp', '-4', '-l', 'vl', ...load, '10.20.0.21'], {
    timeoutMs: (SECONDS + 20) * 1000,
  });
  const rate = /^Rate: ([\d.]+) /m.exec(ran.stdout)?.[1];
  if (rate === undefined) throw new Error(`perfdhcp told no rate:\n${ran.stdout}\n${ran.stderr}`);
  return Number(rate);
}

/** Both Keas run without anybody beside them, each allowed to take over by itself. */
async function beginAlone(site: PairSite): Promise<void> {
  for (const rack of RACKS) {
    await site.stopProgram(rack);
    const host = site.host(rack);
    await until(
      'the controller to be gone',
      async () => (await host.run(['pgrep', '-f', '/ha/dhcp/pairs.ts'])).code !== 0,
    );
    await host.run([UNIT, 'stop', KEY]);
    host.write(CONFIG, keaOfPair(rack, 'alone').replaceAll('"auto-failover":false', '"auto-failover":true'));
    // What `ended` takes for a Kea that only stands by it leaves alone.
    host.write(MAY, 'standby');
  }
  for (const rack of RACKS) await site.host(rack).run([UNIT, 'start', KEY]);
  const states = async () => [await site.kea('k1'), await site.kea('k2')];
  const isPaired = async () => (await states()).every((state) => state === 'hot-standby');
  await until('both Keas in hot standby', isPaired, { deadlineMs: 60_000 }).catch(async (error: unknown) => {
    const words = await site
      .host('k1')
      .run(['sh', '-c', 'tail -n 20 /var/log/kea-out; ls /run/regent-pairs; pgrep -af kea']);
    throw new Error(`${String(await states())}\n${words.stdout}`, { cause: error });
  });
}

async function endAlone(site: PairSite): Promise<void> {
  for (const rack of RACKS) {
    const host = site.host(rack);
    await host.run([UNIT, 'stop', KEY]);
    await host.run(['rm', '-f', MAY]);
    site.configure(rack, 'first');
  }
  for (const rack of RACKS) site.startProgram(rack);
}
