import type { MachineState } from '../machine-states.ts';
import type { PowerState } from '../power.ts';
import { loadingCauses } from './why-loading.ts';
import { powerCauses } from './why-power.ts';
import { runningCauses } from './why-running.ts';
import { lastBoot, type Stage, stageOf } from './stage.ts';
import type { Step } from './step.ts';

/** Why a machine may be late, and what mends it. `remedy`: a sentence, with a command where there is one. */
export interface Cause {
  readonly code: string;
  readonly sentence: string;
  readonly remedy: string;
}

/** A VLAN of the machine. `servedBy`: the rack that answers DHCP there now; null: none says so. `silent`: racks of its pair that do not report. */
export interface WhyVlan {
  readonly name: string;
  readonly dhcpOn: boolean;
  readonly servedBy: string | null;
  readonly why: string;
  readonly silent: readonly string[];
}

/** A script that runs: since when, and how long it may, ms. */
export interface WhyScript {
  readonly name: string;
  readonly ranMs: number;
  readonly mayMs: number;
}

/** What a site knows of a machine beside its steps. `disks`: of the inventory of this way; null: none was told. `hasImage`: there is one for it; null: not known. */
export interface WhySite {
  readonly machine: string;
  readonly state: MachineState;
  readonly bmc: string | null;
  readonly hasSwitch: boolean;
  readonly power: { readonly state: PowerState; readonly why: string };
  readonly macs: number;
  readonly vlans: readonly WhyVlan[];
  readonly firmware: 'bios' | 'uefi' | null;
  readonly architecture: string | null;
  readonly hasImage: boolean | null;
  readonly disks: number | null;
  readonly script: WhyScript | null;
}

/** What a rule looks at: the steps of the last start, how far it came, the site. */
export interface WhyCase {
  readonly steps: readonly Step[];
  readonly stage: Stage;
  readonly site: WhySite;
}

/** One rule: a cause, or null where it does not hold. */
export interface WhyRule {
  readonly code: string;
  judge(seen: WhyCase): Omit<Cause, 'code'> | null;
}

/** Causes that are told: the first ones are the likeliest. */
const CAUSES_MAX = 4;

/** Every rule, in the order of a machine's way. A vague one follows those that say more. */
export const WHY_RULES: readonly WhyRule[] = [...powerCauses, ...loadingCauses, ...runningCauses];

/**
 * Likely causes of a machine that is late or has failed, by what was seen of it and what was not. `steps`: of its way, in their order. Never empty: where
 * no rule holds it says what was seen last. Pure.
 */
export function causesOf(steps: readonly Step[], site: WhySite): readonly Cause[] {
  const last = lastBoot(steps);
  const seen: WhyCase = { steps: last, stage: stageOf(last).stage, site };
  const found = WHY_RULES.flatMap((rule) => {
    const cause = rule.judge(seen);
    return cause === null ? [] : [{ code: rule.code, ...cause }];
  });
  return found.length === 0 ? [unknown(seen)] : found.slice(0, CAUSES_MAX);
}

function unknown({ stage, site }: WhyCase): Cause {
  return {
    code: 'unknown',
    sentence: `Nothing that is known explains it; the last proof of ${site.machine} is “${stage}”.`,
    remedy: `Look at its console, then begin anew: regent machine abort ${site.machine}, or commission it again.`,
  };
}
