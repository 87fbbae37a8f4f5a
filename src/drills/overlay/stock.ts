import { type Overlay, PATRONI_TAKES } from './overlay.ts';
import { haproxySays, keepalivedSays, kernelSays, patroniSays, postgresSays, WAITS_FOR_NOBODY } from './proofs.ts';
import { STOCK_FILES } from './stock-files.ts';

/**
 * The same engines as they come: what their documentation gives as defaults, where we set something else to be fast or safe. What is not about
 * failover stays ours (places, certificates, access, sizes), and so do the units' restarts: Debian's would leave a killed Patroni dead, so this
 * is to the field's advantage. So does the mending of a standby that cannot start: without it the next round would never begin.
 *
 * keepalived tracks nothing here: as it comes it has no notion of a proxy that does not answer, every check is a script that somebody writes.
 */
export const STOCK: Overlay = {
  name: 'stock',
  title: 'the same engines with their stock settings',
  // Only Regent's. The agent would put our settings back. Probes are none of its work: racks keep theirs, and give leases; named of region nodes serves
  // what it has, and learns nothing new. The doctor misses its reports, so redundancy is read from the databases (`Environment.redundancy`).
  // Patroni's way to etcd runs on, without any client: a Patroni that starts with our settings again does not start without it.
  held: ['regent-agent.service', 'regent-keeper.service', 'regent-vip-health.service', 'regent-db-watch.service'],
  files: STOCK_FILES,
  takes: [
    { argv: ['systemctl', 'restart', 'regent-sysctl.service'] },
    { argv: ['systemctl', 'restart', 'etcd.service'] },
    { argv: ['sh', '-c', health()] },
    // Which etcd it asks is read by a Patroni that starts. It takes the PostgreSQL that runs over.
    { argv: ['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'patroni.service'] },
    ...PATRONI_TAKES,
    // Not a reload: what the process before it still serves would be cut in the middle of a round.
    { argv: ['systemctl', 'restart', 'haproxy.service'] },
    { argv: ['systemctl', 'restart', 'keepalived.service'] },
  ],
  proofs: [
    patroniSays({ ttl: 30, loop_wait: 10, retry_timeout: 10, synchronous_mode: false, primary_start_timeout: 300 }),
    WAITS_FOR_NOBODY,
    postgresSays('wal_receiver_timeout', '1min'),
    postgresSays('wal_sender_timeout', '1min'),
    haproxySays({ rise: 2, fall: 3 }),
    keepalivedSays('1000 milli-sec'),
    kernelSays('net.ipv4.tcp_syn_retries', 6),
  ],
};

/** This host's etcd works with a majority again: the next one may go. */
function health(): string {
  return 'etcdctl --cacert=/etc/regent/pki/ca.crt --cert=/etc/regent/pki/node.crt --key=/etc/regent/pki/node.key --endpoints=https://127.0.0.1:2379 endpoint health';
}
