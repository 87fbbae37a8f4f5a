import { forceRestart } from './activate.ts';
import type { ReconcileContext } from './context.ts';
import { filesDigest, statesOf } from './files.ts';
import { askHealth, awaitHealth, type Health } from './health.ts';
import { afterAction, afterProbe, isHung } from './recovery.ts';
import { setAction, setState } from './state.ts';
import { desiredInForce } from './steps.ts';
import { markRolesCurrent } from './notifications.ts';
import type { Refusal } from './values.ts';

/** The end of a run: acts on a hung daemon, and gives the service's state and the reason. */
export async function settle(context: ReconcileContext): Promise<void> {
  const { ports, state } = context;
  let health = await wholeHealth(context);
  notePid(context, health);
  state.recovery = afterProbe(state.recovery, health, ports.clock.monotonic(), ports.clock.now());
  if (!context.isTouched && isHung(state.recovery, health, ports.clock.monotonic(), ports.timing))
    health = await restartHung(context, health);
  state.facts = health.facts ?? null;
  state.metrics = health.metrics ?? [];
  state.isSettling = health.isSettling === true;
  state.hasBeenHealthy ||= health.isHealthy;
  noteFiles(context, health);
  conclude(context, health);
}

/** A failed action says nothing about the unit, so the engine asks once more. */
async function wholeHealth(context: ReconcileContext): Promise<Health> {
  const { health, ports, service } = context;
  if (health?.unit) return { ...health, unit: health.unit };
  const answer = await askHealth(ports, service, await desiredInForce(context));
  return health && !answer.isHealthy ? { ...answer, detail: health.detail } : answer;
}

/** Another process than last time, and not because of us: it died, and systemd started it before this check. */
function notePid(context: ReconcileContext, health: Health): void {
  const { state, service } = context;
  const { mainPid, restarts } = health.unit;
  if (state.pid !== null && mainPid !== null && mainPid !== state.pid && !context.isTouched) {
    const why = `${service.unit} had ended by itself; systemd started it again (${restarts} times so far)`;
    setAction(context, { kind: 'restart', why }, 'health');
  }
  state.pid = mainPid ?? state.pid;
}

async function restartHung(context: ReconcileContext, health: Health): Promise<Health> {
  const { ports, state, service } = context;
  const why = `no healthy answer ${state.recovery.failures} times in a row: ${health.detail}`;
  const acted = await forceRestart(ports, service, why);
  setAction(context, acted.action, 'health');
  if (acted.problem === null) markRolesCurrent(context);
  state.recovery = afterAction(state.recovery, ports.clock.monotonic(), ports.random, ports.timing);
  const deadline = ports.clock.monotonic() + ports.timing.settleMs;
  const after = await awaitHealth(ports, service, await desiredInForce(context), deadline);
  state.pid = after.unit.mainPid;
  return after;
}

function noteFiles(context: ReconcileContext, health: Health): void {
  const { state, key, ports, aim } = context;
  // Perhaps it is unhealthy because somebody changed its files: the next run compares them.
  if (!health.isHealthy) state.verified = null;
  if (!health.isHealthy || aim.kind === 'keep' || context.files === null) return;
  state.verified = { key, at: ports.clock.monotonic(), wanted: statesOf(context.files), disk: context.disk };
}

function conclude(context: ReconcileContext, health: Health): void {
  const { aim, state, wanted } = context;
  if (aim.kind === 'keep') return concludeUnchanged(context, health);
  if (aim.kind === 'previous') return concludePrevious(context, health);
  if (!health.isHealthy && !health.isOutOfReach && !state.memory.good) state.givenUp = filesDigest(aim.files);
  const note = health.isHealthy
    ? [health.detail, ...limitsOf(context)].join('; ')
    : `generation ${wanted.generation} is installed, but ${health.detail}`;
  setState(context, health.isHealthy ? 'healthy' : 'unhealthy', note);
}

/** What the daemon cannot do on this host although it is healthy. */
function limitsOf({ service, wanted, facts }: ReconcileContext): string[] {
  return (service.limits?.(wanted.desired, facts) ?? []).map((finding) => finding.sentence.replace(/\.$/, ''));
}

function concludeUnchanged(context: ReconcileContext, health: Health): void {
  const { attempt, memory } = context.state;
  const running = memory.loaded
    ? `the configuration of generation ${memory.loaded.generation} stays: ${health.detail}`
    : 'nothing was installed before';
  setState(context, attempt?.state ?? 'unknown', `${attempt?.why ?? 'Not installed'}; ${running}`);
}

function concludePrevious(context: ReconcileContext, health: Health): void {
  const { state } = context;
  const { refused, good } = state.memory;
  if (!refused) return;
  const verdict = nextVerdict(refused.verdict, health.isHealthy);
  state.memory = { ...state.memory, refused: { ...refused, verdict } };
  const how = health.isHealthy ? 'runs again' : 'is back, but is not healthy either';
  setState(context, 'rolled_back', `${refused.why}; generation ${good?.generation} ${how}: ${health.detail}`);
}

function nextVerdict(verdict: Refusal['verdict'], isHealthy: boolean): Refusal['verdict'] {
  switch (verdict) {
    case 'open':
      return isHealthy ? 'guilty' : 'unclear';
    case 'unclear':
      return isHealthy ? 'retrying' : 'unclear';
    case 'guilty':
    case 'retrying':
      return verdict;
  }
}
