import { clearConf } from './configuration.ts';
import { TRUST_FILES } from '../model/cluster/trust-files.ts';
import { SERVICES } from '../services/registry.ts';
import { FIRST_ADMIN, PATHS, UNITS } from './paths.ts';
import type { HostPorts } from './ports.ts';
import { execute, installText } from './run.ts';
import { removeContext } from './texts.ts';

const UNIT_MS = 90_000;
const COMMAND_MS = 60_000;

/** Units of all managed services, with instances and companions, in the order in which they stop: a unit that needs others stops before them. */
const DAEMONS = SERVICES.toReversed().flatMap(({ unit, companions = [], instances }) => [
  ...(instances ? [instances.units] : []),
  unit,
  ...companions,
]);

/** Folders whose content init, join and the agent made. The folders themselves stay. */
const CONTENTS = [
  ...SERVICES.map(({ folder }) => folder),
  '/etc/regent/pki',
  '/etc/regent/secrets',
  '/var/lib/regent/region',
  '/var/lib/regent/images',
  PATHS.etcdData,
];
/** The agent's memory. The host's identity as a rack (`rack-uuid`, `rack-key`) stays. */
const AGENT_STATE = '/var/lib/regent/agent';

/** Files that named wrote for this cluster. In the next cluster it would serve these copies of zones. */
const COPIES = ['regent-catalog*', '__catz__*', 'ixfr-*'];

/** Our processes. After they have stopped only the caller changes the host. */
export async function stopOurs(ports: HostPorts): Promise<void> {
  await disable(ports, [UNITS.agent, UNITS.region]);
  await stopUnits(ports, [UNITS.agent, UNITS.region]);
}

/** The daemons of the cluster, and all others that the pipeline runs. */
export async function stopCluster(ports: HostPorts): Promise<void> {
  await stopUnits(ports, DAEMONS);
}

/** Removes the files that init or join made, and those of daemons. Call it only when everything has stopped. */
export async function cleanHost(ports: HostPorts, { isInit }: { readonly isInit: boolean }): Promise<void> {
  await execute(ports, ['rm', '-rf', '--one-file-system', PATHS.postgresData], COMMAND_MS);
  await execute(ports, ['find', ...CONTENTS, '-mindepth', '1', '-delete'], COMMAND_MS);
  const copies = COPIES.flatMap((name, at) => [...(at === 0 ? [] : ['-o']), '-name', name]);
  await execute(
    ports,
    ['find', '/var/cache/bind', '-mindepth', '1', '-maxdepth', '1', '(', ...copies, ')', '-delete'],
    COMMAND_MS,
  );
  // Instances of Kea, and the programs that decide who may serve. They are made while the host runs, so they may be missing.
  const found = ['-maxdepth', '1', '-name', 'regent-*', '-exec', 'rm', '-rf', '{}', '+'];
  await execute(ports, ['find', '/etc/kea', '-mindepth', '1', ...found], COMMAND_MS);
  await execute(
    ports,
    [
      'rm',
      '-rf',
      '--one-file-system',
      '/var/lib/regent-pairs',
      '/var/lib/regent-votes',
      '/var/lib/regent-backup',
      '/var/lib/postgresql/regent-archive-gaps',
      TRUST_FILES.pairBundle.path,
    ],
    COMMAND_MS,
  );
  const keep = ['rack-uuid', 'rack-key'].flatMap((name) => ['!', '-name', name]);
  await execute(ports, ['find', AGENT_STATE, '-mindepth', '1', ...keep, '-delete'], COMMAND_MS);
  await clearConf(ports, 'region', ['NODE_NAME', 'DATABASE_URL']);
  await clearConf(ports, 'agent', ['NODE_NAME', 'RACK', 'REGION_URLS']);
  await clearConf(ports, 'rack', ['MAAS_URL']);
  if (isInit) await forgetContext(ports);
}

async function forgetContext(ports: HostPorts): Promise<void> {
  const before = await ports.host.files.read(PATHS.rootConfig);
  const content = before === null ? null : removeContext(before, FIRST_ADMIN.consumer);
  if (content === before || content === null) return;
  await installText(ports, { path: PATHS.rootConfig, content, mode: 0o600, owner: 'root', group: 'root' });
}

async function disable(ports: HostPorts, units: readonly string[]): Promise<void> {
  await execute(ports, ['systemctl', '--no-ask-password', '--quiet', 'disable', ...units], UNIT_MS);
}

async function stopUnits({ host }: HostPorts, units: readonly string[]): Promise<void> {
  for (const unit of units) {
    // Also one that does not run yet: while the host boots its start may be queued, and a stop takes that back.
    const { load } = await host.units.state(unit);
    if (load === 'loaded') await host.units.act(unit, 'stop', UNIT_MS);
  }
  // A unit that was stopped during its start counts as failed, and systemd would report it for ever.
  await host.exec({ argv: ['systemctl', '--no-ask-password', 'reset-failed', ...units], timeoutMs: COMMAND_MS });
}
