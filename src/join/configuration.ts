import { isRejected } from '../core/errors.ts';
import { parseRackUuid } from '../model/cluster/rack.ts';
import { parseRackConf } from '../model/cluster/rack-conf.ts';
import { PATHS } from './paths.ts';
import type { HostPorts } from './ports.ts';
import { accepted, installText } from './run.ts';
import { newUuid, setConfValues, unsetConfValues } from './texts.ts';

/** KEY=VALUE files that a person may also edit, and who reads them. */
export const CONF_FILES = {
  region: { path: PATHS.conf, mode: 0o640, owner: 'root', group: 'regent' },
  agent: { path: PATHS.agentConf, mode: 0o640, owner: 'root', group: 'regent-agent' },
  rack: { path: PATHS.rackConf, mode: 0o644, owner: 'root', group: 'root' },
} as const;

/** Sets keys of such a file; all other lines stay. */
export async function writeConf(
  ports: HostPorts,
  name: keyof typeof CONF_FILES,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const file = CONF_FILES[name];
  const before = (await ports.host.files.read(file.path)) ?? '';
  await installText(ports, { ...file, content: accepted(setConfValues(file.path, before, values)) });
}

/** Removes keys from such a file again. */
export async function clearConf(
  ports: HostPorts,
  name: keyof typeof CONF_FILES,
  keys: readonly string[],
): Promise<void> {
  const file = CONF_FILES[name];
  const before = await ports.host.files.read(file.path);
  if (before !== null) await installText(ports, { ...file, content: unsetConfValues(before, keys) });
}

/** This host's UUID as a rack: from rack.conf, else the agent's copy, else none. */
export async function readRackUuid({ host }: HostPorts): Promise<string | null> {
  const conf = accepted(parseRackConf(PATHS.rackConf, (await host.files.read(PATHS.rackConf)) ?? ''));
  if (conf.uuid !== null) return conf.uuid;
  const storedUuid = parseRackUuid((await host.files.read(PATHS.rackUuid))?.trim() ?? '');
  return isRejected(storedUuid) ? null : storedUuid;
}

/** Writes the address of this host's region, and its identity as a rack: the old one, or a new one. Gives the UUID. */
export async function writeRackIdentity(ports: HostPorts, maasUrl: string): Promise<string> {
  const uuid = (await readRackUuid(ports)) ?? newUuid(ports.hex(16));
  await writeConf(ports, 'rack', { MAAS_URL: maasUrl, CLUSTER_UUID: uuid });
  return uuid;
}
