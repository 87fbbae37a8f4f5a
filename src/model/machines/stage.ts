import type { BootMedia } from '../images/boot-media.ts';
import type { MachineState } from './machine-states.ts';

/**
 * Where a machine is in its life, as far as it says what it boots. `until`: when a state that is to pass has failed, seconds since 1970. `before`: the
 * state that it goes back to. `uuid`: as its inventory said. Null: there is none.
 */
export interface MachineStage {
  readonly machineId: string;
  readonly state: MachineState;
  readonly before: MachineState | null;
  readonly until: number | null;
  readonly uuid: string | null;
  /** Does its system stay on when its run is over? */
  readonly staysOn: boolean;
  /** It is being enlisted: the region that began it answers for it, not a record. */
  readonly isEnlisting: boolean;
  /** Its disks are written: it boots from them. Left out: they are not. */
  readonly isInstalled?: boolean;
  /** It is deployed with a system in memory, which it boots each time. Left out: with one on its disks. */
  readonly isEphemeral?: boolean;
  /** Options of the kernel that its tags give, in the order of their names. Left out: none. */
  readonly kernelOptions?: string;
  /** By what it gets an image's root. Left out: by HTTP. */
  readonly bootMedia?: BootMedia;
}
