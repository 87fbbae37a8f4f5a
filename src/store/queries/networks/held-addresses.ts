import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** An address that the system on a machine still has, although the machine's record has it no more. */
export interface HeldAddress {
  readonly address: string;
  readonly machineId: string;
  /** Full name that the machine has, or had. */
  readonly machine: string;
  readonly since: string;
}

const COLUMNS = sql`host(address) as address, machine_id as "machineId", machine, since`;

/** Lets this transaction change the network of a machine whose system runs, or delete it. Its addresses stay occupied. */
export async function forceRunning(tx: Tx): Promise<void> {
  await tx.run(sql`select set_config('regent.forced', 'yes', true)`);
}

/** Why the system that was deployed on a machine counts as running, such as "deployed"; null: none does. */
export async function runningSystem(tx: Tx, machineId: string): Promise<string | null> {
  return (await tx.one(sql<{ why: string | null }>`select running_system(${machineId}) as why`))?.why ?? null;
}

/** Addresses that the system of a machine still has, the lowest first. */
export function heldOf(tx: Tx, machineId: string): Promise<HeldAddress[]> {
  return tx.all(
    sql<HeldAddress>`select ${COLUMNS} from held_addresses where machine_id = ${machineId} order by held_addresses.address`,
  );
}

export function findHeld(tx: Tx, address: string): Promise<HeldAddress | null> {
  return tx.one(sql<HeldAddress>`select ${COLUMNS} from held_addresses where address = ${address}::inet`);
}

/** Frees an address, as somebody says who knows that no system has it. Null: nobody held it. */
export function dropHeld(tx: Tx, address: string): Promise<HeldAddress | null> {
  return tx.one(sql<HeldAddress>`delete from held_addresses where address = ${address}::inet returning ${COLUMNS}`);
}
