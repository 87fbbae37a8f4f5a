import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises';

/** Patroni's configuration on this host, the product's own file. */
export const PATRONI_YML = '/etc/patroni/regent/patroni.yml';
const PKI = '/etc/regent/pki';
/** The node's certificate. */
export const PKI_FILES = [`${PKI}/ca.crt`, `${PKI}/node.crt`, `${PKI}/node.key`] as const;

/** A certificate of the cluster with its key, and the authority that signed the others', PEM. */
export interface Identity {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The node's certificate. */
export function readIdentity(): Identity {
  const [ca, cert, key] = PKI_FILES.map((path) => readFileSync(path));
  if (!ca || !cert || !key) throw new Error('a certificate is missing');
  return { ca, cert, key };
}

/** Waits. Node runs timers before it reads sockets, so after a stall this also lets it read what has arrived. */
export async function pause(ms: number): Promise<void> {
  await delay(ms);
  await immediate();
}

/** ms since the host started, including suspended time, which Node's other clocks leave out. Precise to 10 ms. */
export function uptimeMs(): number {
  return Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1000);
}

/** The error as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Changes whenever one of the files does. */
export function signOf(paths: readonly string[]): string {
  const signs = paths.map((path) => {
    const info = statSync(path, { throwIfNoEntry: false });
    return info ? `${info.ino} ${info.mtimeMs} ${info.size}` : '';
  });
  return signs.join('|');
}

/** Addresses of the etcds (`address:port`), this host's first, from Patroni's configuration, without the relay of this host (`ha/etcd/way.ts`). */
export function etcdPlacesOf(yml: string): readonly string[] {
  const hosts = /^etcd3:\n(?: .*\n)*? {2}hosts:\n((?: {4}- .*\n)+)/m.exec(yml)?.[1];
  if (hosts === undefined) throw new Error('patroni.yml has no etcd3.hosts');
  const places = [...hosts.matchAll(/- "(.*)"/g)].flatMap((match) => match[1] ?? []);
  return places.filter((place) => !place.startsWith('127.0.0.1:'));
}

// perl-base is essential in Debian. One child sends all messages: Node has no datagram unix sockets, and a process for each message would mean ten a
// second.
const NOTIFY = String.raw`use Socket; $SIG{TERM} = 'IGNORE'; my $p = $ENV{NOTIFY_SOCKET}; $p =~ s/^\@/\0/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or exit 1;
my $to = sockaddr_un($p); while (<STDIN>) { chomp; send($s, $_, 0, $to) }`;

/** Each message wakes systemd, which counts from the last one. A beat in a fifth of its limit is enough (sd_watchdog_enabled(3) asks for two). */
const BEATS = 5;

/** Reports to systemd that the program lives. The program may call it as often as it likes. Outside of a unit it does nothing. */
export function openNotifier(): (message: string) => void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return () => {};
  const restMs = Number(process.env['WATCHDOG_USEC'] ?? 0) / 1000 / BEATS;
  let beatAt = -Infinity;
  let child: ChildProcess | null = null;
  return (message) => {
    const now = performance.now();
    if (message === 'WATCHDOG=1' && now - beatAt < restMs) return;
    beatAt = now;
    if (child === null || child.exitCode !== null || child.signalCode !== null) {
      child = spawn('/usr/bin/perl', ['-e', NOTIFY], { stdio: ['pipe', 'ignore', 'inherit'] });
      child.on('error', () => {});
      child.stdin?.on('error', () => {});
    }
    child.stdin?.write(`${message}\n`);
  };
}
