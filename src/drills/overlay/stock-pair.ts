import type { FileEdits } from './edit.ts';
import type { Overlay, Proof } from './overlay.ts';

/** The two pairs of the lab's racks, one for each direction. */
const PAIRS = ['k1_k2', 'k2_k1'] as const;

function fileOf(pair: string): string {
  return `/etc/kea/regent-${pair}/kea-dhcp4-${pair}.conf`;
}

/** Kea's Administrator Reference Manual 2.6, "Hot-Standby Configuration": the values of its examples and its defaults. */
function configuration(pair: string): FileEdits {
  const value = (name: string, ours: number, stock: number) => ({
    old: `"${name}": ${ours},\n`,
    now: `"${name}": ${stock},\n`,
  });
  const failover = (role: string) => ({
    old: `"role": "${role}",\n                  "auto-failover": false\n`,
    now: `"role": "${role}",\n                  "auto-failover": true\n`,
  });
  return {
    path: fileOf(pair),
    edits: [
      value('heartbeat-delay', 500, 10_000),
      value('max-response-delay', 1000, 60_000),
      value('max-ack-delay', 1000, 10_000),
      value('max-unacked-clients', 0, 10),
      value('sync-timeout', 10_000, 60_000),
      failover('primary'),
      failover('standby'),
    ],
  };
}

const UNITS = PAIRS.map((pair) => `kea-dhcp4@${pair}.service`).join(' ');
const DROP_IN = '/etc/systemd/system/kea-dhcp4@.service.d/98-regent-drill.conf';
/**
 * With stock files each Kea starts with its host and asks nobody's permission; with ours the controller of pairs starts it. Both times they stop first, so
 * that a file is read again. A second call does the same.
 */
const TAKE = `set -e
systemctl stop ${UNITS}
if grep -q '"heartbeat-delay": 10000' ${fileOf(PAIRS[0])}; then
  mkdir -p ${DROP_IN.slice(0, DROP_IN.lastIndexOf('/'))}
  printf '[Unit]\\nConditionPathExists=\\n[Install]\\nWantedBy=multi-user.target\\n' >${DROP_IN}
  systemctl daemon-reload
  systemctl enable --quiet ${UNITS}
  systemctl start ${UNITS}
else
  [ ! -e ${DROP_IN} ] || systemctl disable --quiet ${UNITS}
  rm -f ${DROP_IN}
  systemctl daemon-reload
fi`;

/** Kea's socket answers one line of JSON; Python is there, Patroni brings it or Debian does. */
const ASK = `import json, socket, sys
for key in sys.argv[1:]:
    line = socket.socket(socket.AF_UNIX); line.settimeout(5); line.connect(f"/run/kea/kea4-{key}.sock")
    line.sendall(b'{"command":"status-get"}')
    print(key, json.loads(b"".join(iter(lambda: line.recv(65536), b"")))["arguments"]["high-availability"][0]["ha-servers"]["local"]["state"])`;

function keaSays(pair: string): Proof {
  return {
    what: `Kea of ${pair} is in hot standby`,
    argv: ['/usr/bin/python3', '-I', '-c', ASK, pair],
    isTaken: (answer) => answer.trim() === `${pair} hot-standby`,
  };
}

/**
 * The same pair of Keas with the timers of Kea's manual, each deciding for itself: nobody votes, nobody fences. What is not about failover stays ours (files, networks,
 * classes), and so does the start of a Kea that ended.
 */
export const STOCK_PAIR: Overlay = {
  name: 'stock-pair',
  title: "Kea's high availability with the timers of its manual, without an arbiter",
  on: 'racks',
  // The agent would put our file back, the controller would end a Kea that nobody allows.
  held: ['regent-agent.service', 'regent-pairs.service'],
  files: PAIRS.map(configuration),
  takes: [{ argv: ['sh', '-c', TAKE] }],
  proofs: PAIRS.map(keaSays),
};
