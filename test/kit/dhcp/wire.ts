import { readFileSync } from 'node:fs';
import type { TestLab } from '../lab.ts';
import { until } from '../until.ts';
import { type DhcpReply, decodeReply } from '../../../src/drills/probes/dhcp/packet.ts';

/** What DHCP servers said on a wire while it was looked at. */
export interface Capture {
  /** Every answer, in order. Throws when the looking itself lost a packet. */
  stop(): Promise<DhcpReply[]>;
}

const UNIT = 'regent-test-wire';
const FILE = '/var/tmp/regent-test-wire.pcap';

/** Looks at everything that leaves a DHCP server's port on a host's interface, by tcpdump in that host. One at a time per host. */
export async function startCapture(lab: TestLab, host: string, device: string): Promise<Capture> {
  const tcpdump = ['tcpdump', '-i', device, '-n', '-U', '-Z', 'root', '-B', '8192', '-w', FILE, 'udp src port 67'];
  await lab.ask(host, ['rm', '-f', FILE]);
  await lab.ask(host, ['systemd-run', '--quiet', '--collect', `--unit=${UNIT}`, ...tcpdump]);
  const words = () => lab.ask(host, ['journalctl', '--no-pager', '-o', 'cat', '-u', UNIT]);
  await until('tcpdump to listen', async () => (await words()).includes('listening on'), { everyMs: 100 });
  return {
    stop: async () => {
      await lab.ask(host, ['systemctl', 'stop', UNIT]);
      const dropped = await until('tcpdump to say what it lost', async () =>
        /(\d+) packets? dropped/.exec(await words()),
      );
      if (dropped[1] !== '0') throw new Error(`tcpdump lost ${dropped[1]} packets`);
      return repliesIn(readFileSync(`${lab.layout.rootOf(host)}${FILE}`));
    },
  };
}

/** The DHCP answers in a capture file (pcap: https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html), Ethernet and IPv4. */
export function repliesIn(pcap: Buffer): DhcpReply[] {
  const replies: DhcpReply[] = [];
  let at = 24;
  while (at + 16 <= pcap.length) {
    const length = pcap.readUInt32LE(at + 8);
    const ip = pcap.subarray(at + 16 + 14, at + 16 + length);
    const headerLength = ((ip[0] ?? 0) & 15) * 4;
    const reply = decodeReply(ip.subarray(headerLength + 8));
    if (reply) replies.push(reply);
    at += 16 + length;
  }
  return replies;
}
