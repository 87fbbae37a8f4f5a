import { accept, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import type { Clock, Random } from '../../../core/ports.ts';
import { isSecret, secretDigest } from '../../../core/secret.ts';
import type { Database } from '../../../store/database.ts';
import {
  findOpenRun,
  findRunByToken,
  isEndedKey,
  isMachineAt,
  type OpenRun,
  storeCredentials,
} from '../../../store/queries/machines/machine-tokens.ts';
import type { WakePort } from '../../base/port.ts';
import type { Sealer } from '../../base/sealer.ts';
import { readServed } from '../../cluster/trust/served.ts';
import { awaitWake } from './await-wake.ts';
import type { MachineCaller, MetadataPort, RunCredentials, RunKey } from './port.ts';

/** What credentials are made with. */
export interface CredentialPorts {
  readonly db: Database;
  readonly random: Random;
  readonly clock: Clock;
  readonly wakes: WakePort;
  readonly sealer: Sealer;
}

/** Bytes: of keys, which are no secret, and of the secret. */
const KEY_BYTES = 12;
const SECRET_BYTES = 24;
/** A rack reports a lease within a second or two. A caller whose address nobody knows waits at most so long, ms: less than a relay waits for an answer. */
const LEASE_WAIT_MS = 3000;
const POLL_MOST_MS = 500;
/** And not sooner, however often something is committed: machines that wait together would ask the database thousands of times a second. */
const POLL_LEAST_MS = 200;
/** Callers that wait at one time; the next one must ask again. */
const WAITING_MAX = 100;

/** Whose credentials these are; null: nobody's, or their run is over. */
export async function identify({ db }: CredentialPorts, key: RunKey): Promise<MachineCaller | null> {
  const shown = { consumerKey: key.consumer, tokenKey: key.token };
  const { run } = accept(await db.autocommitRead(async (tx) => ({ run: await findRunByToken(tx, shown) })));
  return isSecret(key.secret, run?.secretSha256 ?? null) && run !== null
    ? { machineId: run.machineId, purpose: run.purpose, run: run.id }
    : null;
}

/** See `MetadataPort.isOver`. */
export async function isOver({ db }: CredentialPorts, key: RunKey): Promise<boolean> {
  const shown = { consumerKey: key.consumer, tokenKey: key.token, secretSha256: secretDigest(key.secret) };
  return accept(await db.autocommitRead(async (tx) => ({ isOver: await isEndedKey(tx, shown) }))).isOver;
}

/** See `MetadataPort.admit`. The same answer for a machine that is not there and one that is in no run: the caller is not known. */
export function createAdmit(ports: CredentialPorts): MetadataPort['admit'] {
  const { db, clock, wakes } = ports;
  let waiting = 0;
  const checkAddress = async (machineId: string, source: string) => {
    const { isAt } = accept(
      await db.autocommitRead(async (tx) => ({ isAt: await isMachineAt(tx, machineId, source) })),
    );
    return isAt;
  };
  return async (machineId, source, relay) => {
    const end = clock.monotonic() + LEASE_WAIT_MS;
    for (let tries = 0; ; tries += 1) {
      const isAt = await checkAddress(machineId, source);
      if (isAt === null) return nobody(machineId);
      if (isAt) break;
      if (clock.monotonic() >= end) return elsewhere(machineId, source);
      if (tries === 0 && waiting >= WAITING_MAX)
        return rejected('too_many_requests', 'Too many callers wait for their lease to be known. Try again.');
      waiting += 1;
      await awaitWake(wakes, { leastMs: POLL_LEAST_MS, mostMs: POLL_MOST_MS }).finally(() => {
        waiting -= 1;
      });
    }
    if (relay !== null && !(await mayRelay(ports, relay, source))) return elsewhere(machineId, source);
    const { run } = accept(await db.autocommitRead(async (tx) => ({ run: await findOpenRun(tx, machineId) })));
    return run === null ? nobody(machineId) : callerOf(run);
  };
}

/** Does a rack's report count for this address: of a VLAN that it serves, or that no rack serves? */
async function mayRelay({ db }: CredentialPorts, nodeId: string, source: string): Promise<boolean> {
  const { may } = accept(
    await db.read(async (tx) => {
      const served = await readServed(tx, nodeId);
      const vlanId = served.vlanOf(source);
      return { may: vlanId === null || served.serves(vlanId) || !served.hasServer(vlanId) };
    }),
  );
  return may;
}

/** The credentials of a run, made at their first request. Refused: the run is over, or the cluster's authority is not here. */
export async function credentialsOf(ports: CredentialPorts, caller: MachineCaller): Promise<RunCredentials> {
  const credentials = await ports.db.repeatable(async (tx) => {
    const run = await findOpenRun(tx, caller.machineId, true);
    if (run === null || run.id !== caller.run) refuse(nobody(caller.machineId));
    const { consumerKey, tokenKey, secretSealed } = run;
    if (consumerKey !== null && tokenKey !== null && secretSealed !== null) {
      const secret = accept(await ports.sealer.open(placeOf(run.id), secretSealed));
      return { machineId: run.machineId, consumer: consumerKey, token: tokenKey, secret };
    }
    const made = {
      consumer: ports.random.hex(KEY_BYTES),
      token: ports.random.hex(KEY_BYTES),
      secret: ports.random.hex(SECRET_BYTES),
    };
    const sealed = accept(await ports.sealer.seal(placeOf(run.id), made.secret));
    await storeCredentials(tx, run.id, {
      consumerKey: made.consumer,
      tokenKey: made.token,
      secretSha256: secretDigest(made.secret),
      secretSealed: sealed,
    });
    return { machineId: run.machineId, ...made };
  });
  return accept(credentials);
}

const callerOf = ({ id, machineId, purpose }: OpenRun): MachineCaller => ({ machineId, purpose, run: id });

function placeOf(run: number): string {
  return `machine_tokens/${run}`;
}

function nobody(machineId: string): Rejected {
  return rejected('not_found', `No machine ${machineId} is commissioned, tested, deployed or rescued just now.`);
}

function elsewhere(machineId: string, source: string): Rejected {
  return rejected(
    'forbidden',
    `${source} is not an address of the machine ${machineId}. Rule: a machine sends requests only for itself, from its DHCP address.`,
  );
}
