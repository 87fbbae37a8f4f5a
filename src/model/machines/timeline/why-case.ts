import type { MachineState } from '../machine-states.ts';
import type { PowerState } from '../power.ts';
import type { Stage } from './stage.ts';
import type { MachineStep } from './step.ts';

/** Why a machine may be late, and what mends it. `remedy`: a sentence, with a command if there is one. */
export type Cause = { readonly code: string; readonly sentence: string; readonly remedy: string };

/** A VLAN of the machine. `servedBy`: the rack that answers DHCP there now; null: none says so. `silent`: racks of its pair that do not report. */
export interface WhyVlan {
  readonly name: string;
  readonly dhcpOn: boolean;
  readonly servedBy: string | null;
  readonly why: string;
  readonly silent: readonly string[];
}

/** A script that runs: since when, and how long it may, ms. */
export type WhyScript = { readonly name: string; readonly ranMs: number; readonly mayMs: number };

/** What a site knows of a machine beside its steps. `disks`: of the inventory of this run; null: none was reported. `hasImage`: there is one for it; null: not known. */
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

/** What a rule examines: the steps of the last start, how far it came, the site. */
export interface WhyCase {
  readonly steps: readonly MachineStep[];
  readonly stage: Stage;
  readonly site: WhySite;
  /** Its disks are written: it is to boot them. Left out: they are not. */
  readonly isInstalled?: boolean;
}

/** One rule: a cause, or null if it does not hold. */
export type WhyRule = { readonly code: string; judge(seen: WhyCase): Omit<Cause, 'code'> | null };
