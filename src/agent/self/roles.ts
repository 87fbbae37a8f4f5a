import { Check } from 'typebox/value';
import Type from 'typebox';
import type { HostObservation } from '../../contract/cluster/agent.ts';
import { sentenceOf } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import type { RoleChange } from '../../services/kit/contract.ts';
import type { LoopPorts } from '../ports.ts';

/** The roles of this node, and since when it has them, if that is known. */
export type Roles = HostObservation['roles'];

/** Watches the roles of this node. */
export interface RoleWatch {
  current(): Roles;
  /** Reads the roles once, before anything starts, so that the first start of a daemon already knows them. */
  readRoles(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * The parts that the watch needs. `vip`: the floating address; null if this node may not hold it. `own`: current
 * addresses of this host. `readRole`: reads the file that Patroni's callback writes; null if there is no file.
 * `databaseRole`: the role in the last probe of the database; null if the database does not run here or no probe has
 * run.
 */
export interface RoleWatchOptions {
  readonly ports: LoopPorts;
  readonly vip: () => string | null;
  readonly own: () => ReadonlySet<string>;
  readonly readRole: () => Promise<string | null>;
  readonly databaseRole: () => string | null;
  readonly onChange: (roles: readonly RoleChange[]) => void;
}

const EVERY_MS = 300;
const SILENCE_MS = 15_000;

/** Content of the role file, which `ha/postgres/role` writes. */
const RoleFile = Type.Object({
  role: Type.Union([Type.Literal('primary'), Type.Literal('standby'), Type.Literal('none')]),
  at: Type.String({ maxLength: 40 }),
});

/** Opens the watch; no role is known before the first read. A read is cheap: it starts no process. */
export function openRoleWatch(options: RoleWatchOptions): RoleWatch {
  const { ports } = options;
  let roles: Roles = { vip: null, database: null };
  let hasFailed = false;

  const read = async () => {
    const now = new Date(ports.clock.now()).toISOString();
    const vip = vipRole(options);
    const database = options.databaseRole() === 'none' ? null : parseRole(await options.readRole(), now);
    const next: Roles = {
      vip: vip === null ? null : { state: vip, since: roles.vip?.state === vip ? roles.vip.since : now },
      database: database?.state === roles.database?.state ? roles.database : database,
    };
    const before = listOf(roles);
    roles = next;
    const after = listOf(next);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    ports.log.info('the roles of this node changed', { vip, database: database?.state ?? null });
    options.onChange(after);
  };

  /** If the roles cannot be read, the last known roles stay. */
  const readRoles = async () => {
    try {
      await read();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) ports.log.error('the roles of this node cannot be read', { error: sentenceOf(error) });
      hasFailed = true;
    }
  };

  return {
    current: () => roles,
    readRoles,
    run: async (signal) => {
      const beat = ports.loop('roles', SILENCE_MS);
      while (!signal.aborted) {
        await readRoles();
        beat();
        await ports.wait(EVERY_MS * (0.8 + 0.4 * ports.random.fraction()), signal);
      }
      beat.end();
    },
  };
}

/** The role follows from the addresses of this host, not from the state that keepalived reports. */
function vipRole({ vip, own }: RoleWatchOptions): 'active' | 'backup' | null {
  const address = vip();
  if (address === null) return null;
  return own().has(address) ? 'active' : 'backup';
}

/**
 * Reads the role in the file; null: no role, or the file is damaged. An invalid or future time is replaced by `now`.
 */
function parseRole(text: string | null, now: string): Roles['database'] {
  const value = jsonOrNull(text ?? '');
  if (!Check(RoleFile, value) || value.role === 'none') return null;
  const at = Date.parse(value.at);
  return { state: value.role, since: at <= Date.parse(now) ? new Date(at).toISOString() : now };
}

function listOf({ vip, database }: Roles): readonly RoleChange[] {
  return [
    ...(vip ? [{ kind: 'vip', state: vip.state } as const] : []),
    ...(database ? [{ kind: 'database', state: database.state } as const] : []),
  ];
}
