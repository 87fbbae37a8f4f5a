import { act } from './activate.ts';
import { removeAll } from './disk.ts';
import { isUp } from './health.ts';
import { WELL } from './recovery.ts';
import { type ServiceRun, saveMemory, setAction, setState } from './state.ts';
import { notificationsOf } from './notifications.ts';

/** The service must not run here: its unit stops and all its files go. Runs again until that is so. */
export async function makeAbsent(run: ServiceRun): Promise<void> {
  const { service, ports, state, wanted } = run;
  const unit = await ports.host.units.state(service.unit);
  if (isUp(unit)) {
    const why = 'the service is not wanted on this node';
    const { action, problem } = await act(ports, service, 'stop', why);
    setAction(run, action, 'change');
    if (problem !== null) return setState(run, 'unhealthy', `The service is not wanted here, but ${problem}`);
  }
  await removeFiles(run);
  const { generation, digest, restart } = wanted;
  state.memory = {
    ...state.memory,
    loaded: { generation, digest, files: {} },
    good: null,
    refused: null,
    restart: restart === null ? null : { nonce: restart, pidBefore: null, isDone: true },
    roles: notificationsOf(wanted),
    telling: null,
  };
  Object.assign(state, {
    recovery: WELL,
    attempt: null,
    givenUp: null,
    loadedDesired: null,
    pid: null,
    facts: null,
    metrics: [],
    isSettling: false,
  });
  setState(run, 'absent', `${service.unit} is stopped and has no files: the service is not wanted on this node`);
}

async function removeFiles(run: ServiceRun): Promise<void> {
  const { service, ports, state } = run;
  const now = ports.clock.monotonic();
  const isFresh = state.verified?.key === 'absent' && now - state.verified.at < ports.timing.verifyMs;
  if (isFresh) return;
  // Memory goes first, so that nothing can bring the files back.
  state.memory = { ...state.memory, good: null, refused: null };
  await saveMemory(run);
  await removeAll(ports.host, service.folder);
  state.verified = { key: 'absent', at: now, wanted: {}, disk: {} };
}
