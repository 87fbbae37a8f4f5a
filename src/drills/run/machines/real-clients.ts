import type { Lane, Sample } from '../../../judge/timeline.ts';
import { execDhcpClient } from '../../../lab/dhcp/client.ts';
import { macOf } from '../../probes/dhcp/packet.ts';
import type { Environment } from '../environment.ts';

const FAMILY = 0x0f;
/** Longer than any round. */
const LIFE_MS = 15 * 60_000;
const READY_MS = 20_000;
const FIRST_OUTPUT = /^\d/m;

/**
 * Has udhcpc renew every 5 s, and prints after 4 s what it has: uptime, address (empty: none), and 1 where the lease was renewed since. The uptime is
 * CLOCK_BOOTTIME, which is CLOCK_MONOTONIC on a machine that never slept.
 */
const PROGRAM = `for folder in /proc/[0-9]*; do
  read -r name <"$folder/comm" && [ "$name" = udhcpc ] && client=\${folder#/proc/}
done
while :; do
  touch /run/requested; sleep 0.1; kill -USR1 "$client"; sleep 3.9
  read -r up _ </proc/uptime
  renewed=0; [ /run/lease -nt /run/requested ] && renewed=1
  echo "$up $(sed -n 's/^ip=//p' /run/lease 2>/dev/null) $renewed"
  sleep 1
done`;

/** Real DHCP clients (udhcpc), each a machine of its own on the network. */
export interface RealClients {
  /** Ends them. What they had, as a lane \`real NETWORK\`, in absolute times; and the addresses that they have at the end. */
  stop(): Promise<{ readonly lane: Lane; readonly addresses: readonly (readonly [address: string, mac: string])[] }>;
}

/** Starts so many real clients on a network of the lab, and resolves when all have printed their first line. Throws AppError \`lab_no_lease\`. */
export async function startRealClients(
  { layout, wait, now }: Pick<Environment, 'layout' | 'wait' | 'now'>,
  network: string,
  count: number,
): Promise<RealClients> {
  const ending = new AbortController();
  const clients = Array.from({ length: count }, (_, index) => {
    const mac = macOf(FAMILY, networkNumber(network) * 256 + index);
    const order = { layout, network, mac, signal: ending.signal };
    const output = { text: '' };
    const ended = execDhcpClient(order, ['sh', '-c', PROGRAM], {
      timeoutMs: LIFE_MS,
      onStdoutLine: (line) => (output.text += `${line}\n`),
    }).then(
      () => null,
      (error: unknown) => error,
    );
    return { mac, output, ended };
  });
  const end = async () => {
    ending.abort();
    return (await Promise.all(clients.map(({ ended }) => ended))).find((error) => error !== null) ?? null;
  };
  for (const deadline = now() + READY_MS; clients.some(({ output }) => !FIRST_OUTPUT.test(output.text)); ) {
    if (now() > deadline) throw (await end()) ?? new Error(`real DHCP clients on ${network} did not begin in time`);
    await wait(100);
  }
  return {
    stop: async () => {
      const failure = await end();
      if (failure) throw failure;
      const all = clients.map(({ mac, output }) => ({ mac, observations: parseObservations(output.text) }));
      const samples = all
        .flatMap(({ observations }) => samplesOf(observations))
        .toSorted((a, b) => a.sentAt - b.sentAt);
      // What it had before it does not have any more: it was refused, and others may have it.
      const addresses = all.flatMap(({ mac, observations }) => {
        const address = observations.at(-1)?.address ?? '';
        return address === '' ? [] : [[address, mac] as const];
      });
      return { lane: { probe: `real ${network}`, samples, isBurst: true }, addresses };
    },
  };
}

type LeaseObservation = { readonly at: number; readonly address: string; readonly isRenewed: boolean };

function parseObservations(text: string): LeaseObservation[] {
  return text.split('\n').flatMap((line) => {
    const [, up, address = '', renewed] = /^(\d+\.\d+) ([\d.]*) ?([01])$/.exec(line) ?? [];
    return up === undefined ? [] : [{ at: Number(up) * 1000, address, isRenewed: renewed === '1' }];
  });
}

/** Good: the address of the first observation. At the end the lease must also have been renewed: whoever serves then answers a unicast. */
function samplesOf(observations: readonly LeaseObservation[]): Sample[] {
  const first = observations[0]?.address;
  return observations.map(({ at, address, isRenewed }, index) => {
    const isLast = index === observations.length - 1;
    const why =
      address === '' ? 'no address' : address !== first ? 'another address' : isLast && !isRenewed ? 'not renewed' : '';
    return { sentAt: at, endedAt: at, ...(why !== '' && { why }) };
  });
}

const networkNumber = (network: string): number => Number(/\d+$/.exec(network)?.[0] ?? 0) % 256;
