import { AppError } from '../core/errors.ts';
import type { ExecResult, ProcessCommand, UnitState, UnitVerb } from '../core/host-values.ts';
import type { HostUnits } from './interface.ts';
import { readMount } from './observe/unit-mounts.ts';
import type { SystemdBus, UnitProperties } from './systemd-bus.ts';

const SHOW_TIMEOUT_MS = 5_000;
const PROPERTIES = 'LoadState,ActiveState,SubState,MainPID,NRestarts,StateChangeTimestamp';

/** systemd over its socket, if this process may use it, and `systemctl`. `run` executes a command (`runCommand`). */
export function systemdUnits(run: (command: ProcessCommand) => Promise<ExecResult>, bus: SystemdBus): HostUnits {
  const state = async (unit: string): Promise<UnitState> => {
    const properties = await bus.show(unit).catch(() => null);
    if (properties !== null) return unitStateOf(properties);
    const argv = ['systemctl', 'show', `--property=${PROPERTIES}`, '--timestamp=unix', '--', unit];
    const answer = await run({ argv, timeoutMs: SHOW_TIMEOUT_MS });
    if (answer.code !== 0)
      throw new AppError('io', `systemd does not report the state of ${unit}: ${describeFailure(answer)}`);
    return parseUnitState(answer.stdout);
  };
  return {
    state,
    mount: async (unit, folder) => {
      const { mainPid } = await state(unit);
      const mount = mainPid === null ? null : await readMount(mainPid, folder);
      // Another process may have got the number meanwhile.
      return mount !== null && (await state(unit)).mainPid === mainPid ? mount : null;
    },
    act: async (unit, verb, timeoutMs) => {
      const answer = await run({ argv: argvOf(unit, verb), timeoutMs });
      if (answer.code === 0) return;
      if (answer.timedOut) throw new AppError('timeout', `systemctl ${verb} ${unit} took longer than ${timeoutMs} ms`);
      throw new AppError('unit_failed', `systemctl ${verb} ${unit} failed: ${describeFailure(answer)}`);
    },
  };
}

function argvOf(unit: string, verb: UnitVerb): string[] {
  if (verb === 'kill') return ['systemctl', '--no-ask-password', 'kill', '--signal=SIGKILL', '--', unit];
  return ['systemctl', '--no-ask-password', verb, '--', unit];
}

/** Reads the answer of `systemctl show --timestamp=unix` (systemctl(1)): KEY=VALUE lines, time as `@SECONDS`. */
export function parseUnitState(text: string): UnitState {
  const values = new Map(
    text.split('\n').map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)] as const;
    }),
  );
  const since = /^@(\d+)$/.exec(values.get('StateChangeTimestamp') ?? '');
  return unitStateOf(new Map<string, string | number>([...values, [CHANGED, Number(since?.[1] ?? 0) * 1_000_000]]));
}

/** A unit's state from its properties. Missing ones get the values that systemd uses for a unit without them. */
export function unitStateOf(properties: UnitProperties): UnitState {
  const pid = Number(properties.get('MainPID') ?? 0);
  const changed = Number(properties.get(CHANGED) ?? 0);
  return {
    load: oneOf(LOADS, properties.get('LoadState'), 'error'),
    active: oneOf(ACTIVES, properties.get('ActiveState'), 'inactive'),
    sub: String(properties.get('SubState') ?? ''),
    mainPid: pid > 0 ? pid : null,
    restarts: Number(properties.get('NRestarts') ?? 0) || 0,
    sinceMs: changed > 0 ? Math.floor(changed / 1000) : null,
  };
}

const CHANGED = 'StateChangeTimestamp';

const LOADS = ['loaded', 'not-found', 'masked', 'error'] as const;
const ACTIVES = ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating'] as const;

function oneOf<T extends string>(known: readonly T[], value: string | number | undefined, fallback: T): T {
  return known.find((item) => item === value) ?? fallback;
}

function describeFailure(answer: ExecResult): string {
  if (answer.timedOut) return 'it took too long';
  return answer.failure ?? (answer.stderr.trim() || answer.stdout.trim() || `status ${answer.code}`);
}
