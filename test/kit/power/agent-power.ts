import type { PowerRunnerPorts } from '../../../src/main/calls/power-runners.ts';
import type { PowerEffects } from '../../../src/power/driver.ts';
import { memoryLog } from '../virtual-time.ts';
import { FakeBmc } from './fake-bmc.ts';
import { memoryText } from './memory-text.ts';
import { OPEN } from './rig.ts';

/** What an agent's runners of power have in tests. */
export function powerPorts(effects: PowerEffects): PowerRunnerPorts & {
  readonly fence: ReturnType<typeof memoryText>;
  readonly log: ReturnType<typeof memoryLog>;
} {
  // Simulated BMCs are on this host.
  return { effects, fence: memoryText(), log: memoryLog(), judgeOf: () => OPEN };
}

/** Of an agent that is not asked to switch anything. */
export function noPower(): PowerRunnerPorts {
  return powerPorts(new FakeBmc().effects);
}
