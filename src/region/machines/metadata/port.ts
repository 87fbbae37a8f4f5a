import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import type { Rejected } from '../../../core/errors.ts';
import type { TarFile } from '../../../core/tar.ts';
import type { MachineEvent } from '../../../model/machines/machine-states.ts';
import type { OutputKind, RunPurpose } from '../../../model/machines/machine-run.ts';
import type { WriteTx } from '../../../store/write.ts';
import type { Signal, StatusReport } from './report-meanings.ts';

/** A machine that asks for its metadata, and the run that it is in. */
export type MachineCaller = { readonly machineId: string; readonly purpose: RunPurpose; readonly run: number };

/** What a machine's system fetches about itself. `publicKeys`: of SSH, one per line. */
export interface MachineDescription {
  readonly instanceId: string;
  readonly hostname: string;
  readonly publicKeys: readonly string[];
  readonly vendorData: string;
  readonly userData: Uint8Array | null;
}

/** Credentials of a run, as they are shown. */
export type RunKey = { readonly consumer: string; readonly token: string; readonly secret: string };

/** A machine's credentials of its run. */
export type RunCredentials = RunKey & { readonly machineId: string };

/** An output of a script: its first bytes, and how many there were. */
export interface ScriptOutput {
  readonly script: string;
  readonly kind: OutputKind;
  readonly content: Uint8Array;
  readonly bytes: number;
}

/** Gives an event to a machine's lifecycle in the transaction that stores it. Refused: it does not fit the machine's state. */
export type ApplyMachineEvent = (
  tx: WriteTx,
  event: { readonly machineId: string; readonly event: MachineEvent; readonly by: string; readonly text?: string },
) => Promise<object | Rejected>;

/** What was taken of an inventory. `added`: names of interfaces that the machine has from now on. */
export interface TakenInventory {
  readonly inventory: Inventory;
  readonly problems: readonly string[];
  readonly added: readonly string[];
}

/** The metadata service, as its transport sees it. `source`: the address that the caller is seen at, by this host or by a rack of the cluster. */
export interface MetadataPort {
  /** Whose credentials these are; null: nobody's, or those of a run that is over. */
  identify(key: RunKey): Promise<MachineCaller | null>;
  /** Were these the credentials of a run that is over? */
  isOver(key: RunKey): Promise<boolean>;
  /**
   * The machine, when it is in a run and the caller is at its address. DHCP's answer may not be known here yet, so an address that is nobody's is
   * waited for, some seconds. `relay`: the node that says so; null: this host sees it itself. A rack says so of the VLANs that it serves.
   */
  admit(machineId: string, source: string, relay: string | null): Promise<MachineCaller | Rejected>;
  /** Its credentials; makes them when it asks first. */
  credentials(caller: MachineCaller): Promise<RunCredentials | Rejected>;
  describe(caller: MachineCaller): Promise<MachineDescription | Rejected>;
  /** Takes note of what the machine's system did (cloud-init's reports). */
  report(caller: MachineCaller, report: StatusReport): Promise<Rejected | null>;
  /** Takes note of how its scripts go, with their outputs. */
  signal(caller: MachineCaller, signal: Signal, outputs: readonly ScriptOutput[]): Promise<Rejected | null>;
  /** The archive of what it is to run (scripts.ts); empty: nothing. */
  scripts(caller: MachineCaller): Promise<readonly TarFile[] | Rejected>;
  /** Does it boot from the network next time? */
  netboot(caller: MachineCaller, isOn: boolean): Promise<Rejected | null>;
  /** Stores its inventory, as far as it fits. */
  inventory(caller: MachineCaller, document: unknown, source: string): Promise<TakenInventory | Rejected>;
}
