import type { PowerParameters } from '../model/machines/power.ts';
import type { PowerDriver, PowerEffects } from './driver.ts';
import { guarded, type Judge } from './guard.ts';
import { pingBmc } from './ipmi/rmcp.ts';

/** Whether a BMC can be reached from here. `ms`: what the answer took; null without one. A driver without a place on a network is always reached. */
export type Reachability = { readonly isReachable: boolean; readonly ms: number | null; readonly why: string };

/** Asks once, without a user and a password: an RMCP ping for IPMI, a TCP connection for all others. */
export async function probeBmc(
  driver: PowerDriver,
  parameters: PowerParameters,
  effects: PowerEffects,
  { timeoutMs, judge }: { readonly timeoutMs: number; readonly judge: Judge },
): Promise<Reachability> {
  const { reach, clock } = guarded(effects, judge);
  const door = driver.doorOf(parameters);
  if (door.kind === 'nowhere')
    return { isReachable: true, ms: null, why: `${driver.label}: no BMC to query on the network` };
  const startedAt = clock.monotonic();
  const answer =
    door.kind === 'rmcp'
      ? await pingBmc(reach, door, timeoutMs)
      : await reach.connect({ host: door.host, port: door.port, timeoutMs });
  if (answer === 'answers' || answer === 'open')
    return { isReachable: true, ms: Math.round((clock.monotonic() - startedAt) * 10) / 10, why: 'it answers' };
  const why = answer === 'alien' ? 'something else than IPMI answers' : answer.sentence;
  return { isReachable: false, ms: null, why };
}
