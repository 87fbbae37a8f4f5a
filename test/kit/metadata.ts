import type { FastifyInstance } from 'fastify';
import { registerMetadata } from '../../src/api/metadata/metadata.ts';
import { createServer } from '../../src/api/server.ts';
import { LIMITS } from '../../src/contract/base/common.ts';
import type { RunPurpose } from '../../src/model/machines/machine-run.ts';
import { NO_AUTHORITY } from '../../src/main/region/certificate-authority.ts';
import type { CertificateAuthority } from '../../src/region/cluster/trust/port.ts';
import { storeRun } from '../../src/store/queries/machines/machine-tokens.ts';
import { realClock, silentLog } from './postgres.ts';
import type { TestRegion } from './region.ts';
import { realRandom } from './postgres.ts';
import { change, value } from './store.ts';

/** An authority that has a key to seal with, and nothing else. */
export const SEALING_AUTHORITY: CertificateAuthority = {
  ...NO_AUTHORITY,
  inheritance: async () => ({
    key: 'PEM of the authority',
    secrets: { superuser: '', replication: '', rewind: '', restapi: '', database: '', beacon: '' },
  }),
};

/** The listener for racks' relays, as port 5250 has it, without certificates. */
export function relayListener({ region }: Pick<TestRegion, 'region'>): FastifyInstance {
  const ports = { region, clock: realClock, random: realRandom, log: silentLog };
  const app = createServer(ports, LIMITS.agentBody);
  registerMetadata(app, { ...ports, forwarder: 'rack' });
  return app;
}

/** Puts a machine into a run, or ends the one that it is in. */
export async function beginRun(
  { db }: Pick<TestRegion, 'db'>,
  machineId: string,
  purpose: RunPurpose | null,
  userData?: Uint8Array,
): Promise<void> {
  await change(db, async (tx) => {
    await storeRun(tx, machineId, purpose, userData === undefined ? {} : { userData });
    return {};
  }).then(value);
}
