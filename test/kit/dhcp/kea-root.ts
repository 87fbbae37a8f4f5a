import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_PLACES } from '../../../src/services/dhcp/places.ts';
import type { DebianHost } from '../debian-root.ts';

const AS_KEA =
  'setpriv --reuid=_kea --regid=_kea --init-groups --inh-caps=+net_raw,+net_bind_service --ambient-caps=+net_raw,+net_bind_service';
const RUN = `exec ${AS_KEA} env KEA_LOCKFILE_DIR=/run/lock/kea /usr/sbin/kea-dhcp4 -c ${OWN_PLACES.conf} >&2`;

/** Runs the Kea of a Debian root as its user. */
export const START_KEA = ['sh', '-c', RUN];

/** The same after what the drop-in of kea-dhcp4-server.service does first. */
export const PREPARE_AND_START_KEA = ['sh', '-c', `${AS_KEA} /opt/regent/current/ha/kea/prepare >&2\n${RUN}`];

/** Puts the scripts of `ha/kea` and Kea's folders into a Debian root. */
export async function furnishKea(host: DebianHost): Promise<void> {
  for (const name of ['prepare', 'carry']) {
    const text = readFileSync(join(import.meta.dirname, '../../../ha/kea', name), 'utf8');
    host.write(`/opt/regent/current/ha/kea/${name}`, text, { mode: 0o755 });
  }
  const script = 'chmod -R a+rX /opt/regent; install -d -o _kea -g _kea -m 0750 /run/kea /run/lock/kea /var/lib/kea';
  await host.run(['sh', '-c', script]);
}
