import { isInstalled, lastBoot, stageOf } from './stage.ts';
import type { MachineStep } from './step.ts';
import type { Cause, WhyCase, WhyRule, WhySite } from './why-case.ts';
import { installedCauses } from './why-installed.ts';
import { loadingCauses } from './why-loading.ts';
import { powerCauses } from './why-power.ts';
import { runningCauses } from './why-running.ts';

/** What explains that nothing was reported: no cause where an error was. */
const SILENCES: ReadonlySet<string> = new Set([
  'no-inventory',
  'scripts-mute',
  'system-mute',
  'boot-order',
  'no-dhcp',
  'metadata-unreachable',
  'wrong-key',
]);

/** Causes that are shown: the first ones are the likeliest. */
const CAUSES_MAX = 4;

/** Every rule, in the order of a machine's steps. A vague one follows those that say more. */
export const WHY_RULES: readonly WhyRule[] = [...powerCauses, ...loadingCauses, ...runningCauses, ...installedCauses];

/**
 * Likely causes of a machine that is late or has failed, by what was seen of it and what was not. `steps`: of its run, in their order. Never empty: where
 * no rule holds it says what was seen last. Pure.
 */
export function causesOf(steps: readonly MachineStep[], site: WhySite): readonly Cause[] {
  const last = lastBoot(steps);
  const isOnDisk = isInstalled(steps);
  const seen: WhyCase = { steps: last, stage: stageOf(last).stage, site, isInstalled: isOnDisk };
  const found = (isOnDisk ? installedCauses : WHY_RULES).flatMap((rule) => {
    const cause = rule.judge(seen);
    return cause === null ? [] : [{ code: rule.code, ...cause }];
  });
  const isReported = found.some(({ code }) => code === 'cloud-init-failed');
  const likely = isReported ? found.filter(({ code }) => !SILENCES.has(code)) : found;
  return likely.length === 0 ? [unknown(seen)] : likely.slice(0, CAUSES_MAX);
}

function unknown({ stage, site }: WhyCase): Cause {
  return {
    code: 'unknown',
    sentence: `No known cause explains the delay; the last proof of ${site.machine} is “${stage}”.`,
    remedy: `Check its console, then start again: regent machine abort ${site.machine}, or commission it again.`,
  };
}
