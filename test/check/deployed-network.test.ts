import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../src/core/errors.ts';
import { networkdFiles } from '../../src/model/machines/deployment/network-networkd.ts';
import { planNetwork } from '../../src/model/machines/deployment/network.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { aCard, aLink, NETWORK_CASES, NETWORK_SITE, onTop, planOfCase } from '../kit/network-plans.ts';
import { until } from '../kit/until.ts';

/**
 * Debian's systemd-networkd reads what a deployed machine gets, and makes what a kernel without bonds and VLANs can make: a bridge with addresses and a
 * route. Cards of a test have no permanent MAC address, which is burnt into real ones, so there they are found by their names.
 */

const FOLDER = '/etc/systemd/network';
const READ_MS = 30_000;

let host: DebianHost;

beforeAll(async () => {
  host = await DebianHost.open();
  host.write('/etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`);
  // Read-only: then systemd-networkd waits for no udev.
  await must(`mount -t sysfs -o ro sysfs /sys; mkdir -p /run/systemd/netif/links /run/systemd/netif/leases ${FOLDER}
    rm -f /usr/lib/systemd/network/*; chown -R systemd-network: /run/systemd/netif; chmod 755 /etc/systemd ${FOLDER}`);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

async function must(script: string): Promise<string> {
  const ran = await host.run(['sh', '-ec', script]);
  if (ran.code !== 0) throw new Error(`${script}: ${ran.stderr}`);
  return ran.stdout;
}

/** Runs it over these files until `isDone` says so of what it has said; gives that. */
async function networkd(
  files: Readonly<Record<string, string>>,
  isDone: (log: string) => boolean | Promise<boolean>,
): Promise<string> {
  await must(`rm -f ${FOLDER}/*`);
  for (const [name, text] of Object.entries(files)) {
    const card = /^30-(.*)\.network$/.exec(name)?.[1] ?? '';
    host.write(`${FOLDER}/${name}`, text.replace(/^PermanentMACAddress=.*/m, `Name=${card}`));
  }
  const daemon = host.start([
    'env',
    'SYSTEMD_LOG_LEVEL=debug',
    'SYSTEMD_LOG_TARGET=console',
    'sh',
    '-c',
    'echo $$ >/run/networkd.pid; exec /usr/lib/systemd/systemd-networkd',
  ]);
  let log = '';
  daemon.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const isGone = new Promise((resolve) => daemon.once('exit', resolve));
  try {
    await until('what systemd-networkd is to do', () => isDone(log), { deadlineMs: READ_MS });
  } finally {
    // Itself, not what started it from outside: one that goes on would work at the next one's cards.
    await must('kill "$(cat /run/networkd.pid)"; while [ -d "/proc/$(cat /run/networkd.pid)" ]; do sleep 0.05; done');
    await isGone;
  }
  return log;
}

/** What it says of lines that it does not take: `/path:LINE: …`. */
function complaints(log: string): string[] {
  return log.split('\n').filter((line) => new RegExp(`${FOLDER}/[^ ]*(?::\\d+)?: (?!Successfully loaded)`).test(line));
}

describe('files of a deployed machine’s network', () => {
  it.each(Object.keys(NETWORK_CASES))(
    'are read without a word: %s',
    async (name) => {
      const files = networkdFiles(planOfCase(name));
      const log = await networkd(files, (said) => said.includes('Enumeration completed'));
      expect(complaints(log)).toEqual([]);
      const read = Object.keys(files).filter((file) => !file.endsWith('.link'));
      expect(read.filter((file) => !log.includes(`${FOLDER}/${file}: Successfully loaded`))).toEqual([]);
    },
    60_000,
  );

  it('would be complained of with a line that is wrong', async () => {
    const files = { '20-b.netdev': '[NetDev]\nName=b\nKind=bond\n\n[Bond]\nMode=lacp\nSpeed=1\n' };
    const log = await networkd(files, (said) => said.includes('Enumeration completed'));
    expect(complaints(log)).toEqual([
      expect.stringContaining('20-b.netdev:6'),
      expect.stringContaining('20-b.netdev:7'),
    ]);
  }, 60_000);

  it('make a bridge of two cards with its addresses, its route and its MTU', async () => {
    await must(
      `for n in 0 1; do ip link add eth$n address 52:54:00:00:00:0$((n + 1)) type veth peer name far$n; ip link set far$n up; done`,
    );
    const links = [aLink('static', 1, '10.10.0.20'), aLink('static', 4, '2001:db8:10::20')];
    const bridge = { ...onTop('bridge', 'br0', ['eth0', 'eth1'], { mtu: 1400, links }), mac: '52:54:00:00:00:02' };
    const plan = planNetwork({ interfaces: [aCard('eth0', 1), aCard('eth1', 2, { mtu: 1450 }), bridge] }, NETWORK_SITE);
    if (isRejected(plan)) throw new Error(plan.message);
    const show = async () =>
      await must(
        'ip -d -o link show br0 2>&1 || true; ip -o addr show br0 2>&1 || true; ip route; ip -6 route; bridge link',
      );
    let shown = '';
    await networkd(networkdFiles(plan), async () => {
      shown = await show();
      return shown.includes('default via 2001:db8:10::1') && shown.includes('default via 10.10.0.1');
    });
    expect(shown).toMatch(/br0: .* mtu 1400 .*link\/ether 52:54:00:00:00:02 .*forward_delay 400 .*stp_state 1/);
    expect(shown).toContain('inet 10.10.0.20/24');
    expect(shown).toContain('inet6 2001:db8:10::20/64');
    expect(shown).toMatch(/eth0.* master br0/);
    expect(shown).toMatch(/eth1.* mtu 1450 .*master br0/);
    expect(shown).not.toMatch(/dev eth[01].*default/);
  }, 60_000);
});
