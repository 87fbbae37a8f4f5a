import type { HostObservation } from '../../contract/cluster/agent.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { DiskSpace } from '../../host/observe/disks.ts';
import type { TrustStore } from '../channel/trust.ts';
import type { LoopPorts } from '../ports.ts';
import type { RoleWatch } from './roles.ts';

/** The state of the host for the report of the agent. */
export interface HostState {
  /** Undefined before the first reading of the disks. */
  current(): HostObservation | undefined;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * The parts that the host state needs. `readDisks` reads the space of the watched file systems; `readBounded` reads the
 * daemons' bounded folders.
 */
export interface HostStateOptions {
  readonly ports: LoopPorts;
  readonly trust: TrustStore;
  readonly roles: RoleWatch;
  readonly readDisks: () => Promise<readonly DiskSpace[]>;
  readonly readBounded: () => Promise<NonNullable<HostObservation['boundedFolders']>>;
}

const EVERY_MS = 5_000;
/**
 * A read of a network file system blocks if its server is dead. After this time without a round, systemd restarts the
 * agent, ms.
 */
const SILENCE_MS = 120_000;

/** Opens the host state. Nothing is read before `run`. */
export function openHostState({ ports, trust, roles, readDisks, readBounded }: HostStateOptions): HostState {
  let disks: HostObservation['disks'] | null = null;
  let bounded: Pick<HostObservation, 'boundedFolders'> = {};
  return {
    current: () =>
      disks === null ? undefined : { certificate: certificateOf(trust), disks, roles: roles.current(), ...bounded },
    run: async (signal) => {
      const beat = ports.loop('disks', SILENCE_MS);
      while (!signal.aborted) {
        try {
          disks = (await readDisks()).map((disk) => ({ ...disk }));
        } catch (error) {
          ports.log.warn('the space on disks cannot be read', { error: sentenceOf(error) });
        }
        try {
          bounded = { boundedFolders: await readBounded() };
        } catch (error) {
          bounded = {};
          ports.log.warn('the file systems of daemons cannot be read', { error: sentenceOf(error) });
        }
        beat();
        await ports.wait(EVERY_MS * (0.8 + 0.4 * ports.random.fraction()), signal);
      }
      beat.end();
    },
  };
}

function certificateOf(trust: TrustStore): HostObservation['certificate'] {
  const facts = trust.current()?.facts;
  if (!facts) return null;
  const iso = (ms: number) => new Date(ms).toISOString();
  return { serial: facts.serial, notBefore: iso(facts.notBefore), notAfter: iso(facts.notAfter) };
}
