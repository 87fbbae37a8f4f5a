import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { DebianHost } from '../debian-root.ts';
import { until } from '../until.ts';
import { PKI } from './host-identity.ts';

const RELAY = join(import.meta.dirname, '../etcd-way.ts');
const CERTIFICATE = ['--cacert', `${PKI}/ca.crt`, '--cert', `${PKI}/node.crt`, '--key', `${PKI}/node.key`];
const VERSION = ['curl', '-q', '-s', '--max-time', '5', ...CERTIFICATE, 'https://127.0.0.1:2378/version'];

/**
 * Starts etcd and Patroni's relay to it on a private host with `address`, and waits until etcd answers through the relay: Patroni ends when its
 * first request to etcd fails, and there is no systemd here that starts it again. Gives both processes; nobody reads what they log.
 */
export async function startEtcd(host: DebianHost, address: string): Promise<readonly ChildProcess[]> {
  const processes = [
    host.start(['runuser', '-u', 'etcd', '--', 'etcd', '--config-file=/run/regent-etcd/etcd.yml']),
    host.startBeside([process.execPath, RELAY, host.path(PKI), `${address}:2379`]),
  ];
  for (const { stdout, stderr } of processes) for (const stream of [stdout, stderr]) stream?.resume();
  await until('etcd answers', async () => (await host.run(VERSION)).stdout.includes('etcdserver'), {
    deadlineMs: 60_000,
    everyMs: 100,
  });
  return processes;
}
