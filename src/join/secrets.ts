import type { ClusterSecrets } from '../contract/cluster/join.ts';
import { PATHS } from './paths.ts';
import type { HostPorts } from './ports.ts';
import { installText } from './run.ts';
import { parseObject } from './texts.ts';

const NAMES = ['superuser', 'replication', 'rewind', 'restapi', 'database', 'beacon'] as const;
const SECRET = /^[A-Za-z0-9]{32,128}$/;
/** Random bytes of a secret. */
const SECRET_BYTES = 24;

/** Secrets of a new cluster. */
export function newSecrets(hex: HostPorts['hex']): ClusterSecrets {
  const secret = () => hex(SECRET_BYTES);
  return {
    superuser: secret(),
    replication: secret(),
    rewind: secret(),
    restapi: secret(),
    database: secret(),
    beacon: secret(),
  };
}

/** This host's secrets; null if they are not complete. */
export async function readSecrets({ host }: HostPorts): Promise<ClusterSecrets | null> {
  const value = parseObject((await host.files.read(PATHS.secrets)) ?? '');
  if (value === null || !NAMES.every((name) => SECRET.test(String(value[name])))) return null;
  return Object.fromEntries(NAMES.map((name) => [name, value[name]])) as ClusterSecrets;
}

/** Writes the secrets for the daemons, and last, for the region, all of them. */
export async function writeSecrets(ports: HostPorts, secrets: ClusterSecrets): Promise<void> {
  const file = (path: string, content: string, group: string) =>
    installText(ports, { path, content, mode: 0o640, owner: 'root', group });
  await file(PATHS.patroniSecrets, patroniEnvironment(secrets), 'postgres');
  await file(PATHS.databasePassword, `${secrets.database}\n`, 'regent');
  await file(PATHS.beaconKey, `${secrets.beacon}\n`, 'regent-vip');
  const content = `${JSON.stringify(secrets)}\n`;
  await installText(ports, { path: PATHS.secrets, content, mode: 0o600, owner: 'regent', group: 'regent' });
}

/** Environment of `patroni.service`: values are letters and digits, so nothing needs quotes. */
function patroniEnvironment({ superuser, replication, rewind, restapi, database }: ClusterSecrets): string {
  const lines = {
    PATRONI_SUPERUSER_PASSWORD: superuser,
    PATRONI_REPLICATION_PASSWORD: replication,
    PATRONI_REWIND_PASSWORD: rewind,
    PATRONI_RESTAPI_PASSWORD: restapi,
    REGENT_DATABASE_PASSWORD: database,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
