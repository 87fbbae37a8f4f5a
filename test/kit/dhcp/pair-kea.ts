/** Configuration of one Kea of a pair, as small as the pair's rule needs it. */
export function keaOfPair(self: 'k1' | 'k2', tag: string, key = 'k1_k2', isTls = false): string {
  const peer = (name: string, address: string, port: number) => ({
    name,
    url: `${isTls ? 'https' : 'http'}://${address}:${port}/`,
    role: key.startsWith(`${name}_`) ? 'primary' : 'standby',
    'auto-failover': false,
  });
  const ha = {
    'this-server-name': self,
    mode: 'hot-standby',
    'heartbeat-delay': 500,
    'max-response-delay': 1000,
    'max-ack-delay': 1000,
    'max-unacked-clients': 0,
    'sync-timeout': 10_000,
    'send-lease-updates': true,
    'sync-leases': true,
    ...(isTls ? tlsOf(key) : {}),
    'multi-threading': {
      'enable-multi-threading': true,
      'http-dedicated-listener': true,
      'http-listener-threads': 1,
      'http-client-threads': 1,
    },
    peers: [peer('k1', '10.77.0.21', 21_003), peer('k2', '10.77.0.22', 21_004)],
  };
  const config = {
    'server-tag': tag,
    'interfaces-config': {
      interfaces: ['vlan'],
      'service-sockets-max-retries': 100_000,
      'service-sockets-retry-wait-time': 500,
    },
    'control-socket': { 'socket-type': 'unix', 'socket-name': `/run/kea/kea4-${key}.sock` },
    'lease-database': {
      type: 'memfile',
      persist: true,
      name: `/var/lib/kea/kea-leases4-${key}.csv`,
      'lfc-interval': 0,
    },
    'multi-threading': { 'enable-multi-threading': true },
    'hooks-libraries': [
      { library: 'libdhcp_lease_cmds.so' },
      { library: 'libdhcp_ha.so', parameters: { 'high-availability': [ha] } },
    ],
    authoritative: true,
    'match-client-id': false,
    'valid-lifetime': 3600,
    subnet4: [
      {
        id: 1,
        subnet: '10.20.0.0/16',
        interface: 'vlan',
        pools: [{ pool: '10.20.16.0 - 10.20.250.255' }],
        'user-context': { 'ha-server-name': self },
      },
    ],
    loggers: [{ name: 'kea-dhcp4', severity: 'WARN', output_options: [{ output: 'stdout' }] }],
  };
  return JSON.stringify({ Dhcp4: config });
}

/** What makes a Kea speak TLS with its partner; `test/check/operators-pairs.test.ts` compares it with what the product writes. */
export function tlsOf(key: string): object {
  const bundle = '/etc/kea/pair.pem';
  const anchor = `/etc/kea/regent-${key}/partner.crt`;
  return { 'trust-anchor': anchor, 'cert-file': bundle, 'key-file': bundle, 'require-client-certs': true };
}

/** Shell: what follows has the day's time that a test has written into a file of its host, and runs on the real time else. Clocks since a boot stay. */
export const OWN_DAY_TIME = `if [ -e /run/day-time ]; then
  LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
  export LD_PRELOAD FAKETIME_TIMESTAMP_FILE=/run/day-time FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
fi`;

/** Stands for `ha/dhcp/unit` where there is no systemd: starts, starts again, and ends a Kea. */
export const UNIT_WITHOUT_SYSTEMD = `#!/bin/sh
key=$2
export KEA_PIDFILE_DIR=/run/kea/$key KEA_LOCKFILE_DIR=/run/kea/$key KEA_LOG_FILE_DIR=/var/log/kea
case $1 in
  start)
    exec 9>/run/unit.lock
    flock -n 9 || exit 0
    setsid sh -c 'while [ -e /run/regent-pairs/$0.may ]; do
        rm -f /run/kea/$0/*.pid
        ${OWN_DAY_TIME}
        /opt/regent/current/ha/kea/prepare $0 >>/var/log/kea-out 2>&1
        /opt/regent/current/ha/kea/carry $0 >>/var/log/kea-out 2>&1 || { sleep 1; continue; }
        kea-dhcp4 -c /etc/kea/regent-$0/kea-dhcp4-$0.conf >>/var/log/kea-out 2>&1 9>&-
        sleep 0.2
      done' "$key" >/dev/null 2>&1 </dev/null &
    ;;
  stop)
    # Whoever would start it again first.
    pkill -KILL -f '[r]egent-pairs/[$]0.may'
    while pkill -KILL -f "[k]ea-dhcp4 -c /etc/kea/regent-$key/"; do sleep 0.02; done
    ;;
esac
`;
