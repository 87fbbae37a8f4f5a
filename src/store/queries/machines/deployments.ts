import { sql } from 'kysely';
import { AGENT_NAME } from '../../../model/site/annotation.ts';
import type { Tx } from '../../tx.ts';

/**
 * How the disks of a machine are erased. `isQuick`: only their start and end; `isSecure`: by the disk's own command, if
 * it has one.
 */
export type EraseRequest = { readonly isQuick: boolean; readonly isSecure: boolean };

/** What a machine is deployed with. `image`: digest, null: nothing. `storage`: as requested. `erase`: null while nothing is to be erased. */
export interface DeploymentRow {
  readonly machineId: string;
  readonly image: string | null;
  readonly imageName: string;
  readonly storage: Readonly<Record<string, unknown>>;
  readonly isEphemeral: boolean;
  readonly erase: EraseRequest | null;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly deployedAt: string | null;
}

/** A deployment that begins. */
export type NewDeployment = Pick<
  DeploymentRow,
  'machineId' | 'image' | 'imageName' | 'storage' | 'isEphemeral' | 'startedBy'
>;

const COLUMNS = sql`machine_id as "machineId", image, image_name as "imageName", storage, is_ephemeral as "isEphemeral", erase, begun_by as "startedBy",
  begun_at as "startedAt", deployed_at as "deployedAt"`;

/** What a machine is deployed with; null: nothing, or it was released. */
export function readDeployment(tx: Tx, machineId: string): Promise<DeploymentRow | null> {
  return tx.one(sql<DeploymentRow>`select ${COLUMNS} from machine_deployments where machine_id = ${machineId}`);
}

/** Keeps what a machine is deployed with from now on, in place of what it was before. */
export async function storeDeployment(tx: Tx, deployment: NewDeployment): Promise<void> {
  const { machineId, image, imageName, storage, isEphemeral, startedBy } = deployment;
  await tx.run(sql`insert into machine_deployments (machine_id, image, image_name, storage, is_ephemeral, begun_by)
    values (${machineId}, ${image}, ${imageName}, ${JSON.stringify(storage)}::jsonb, ${isEphemeral}, ${startedBy})
    on conflict (machine_id) do update set image = excluded.image, image_name = excluded.image_name, storage = excluded.storage,
      is_ephemeral = excluded.is_ephemeral, begun_by = excluded.begun_by, begun_at = clock_timestamp(), deployed_at = null, erase = null`);
}

/** Its own system runs since now. */
export async function noteDeployed(tx: Tx, machineId: string): Promise<void> {
  await tx.run(sql`update machine_deployments set deployed_at = clock_timestamp() where machine_id = ${machineId}`);
}

/** How its disks are erased by the run that begins. */
export async function storeErase(tx: Tx, machineId: string, { isQuick, isSecure }: EraseRequest): Promise<void> {
  await tx.run(sql`insert into machine_deployments (machine_id, erase) values (${machineId}, ${JSON.stringify({ isQuick, isSecure })}::jsonb)
    on conflict (machine_id) do update set erase = excluded.erase`);
}

/** Gives an interface of a machine an address, until the machine is released. */
export async function giveAddress(
  tx: Tx,
  given: {
    readonly machineId: string;
    readonly interfaceId: number;
    readonly subnetId: number;
    readonly address: string;
  },
): Promise<void> {
  const { machineId, interfaceId, subnetId, address } = given;
  await tx.run(sql`with given as (
      insert into interface_addresses (interface_id, subnet_id, address) values (${interfaceId}, ${subnetId}, ${address}::inet) returning id)
    insert into deployed_addresses (address_id, machine_id) select id, ${machineId} from given`);
}

/** Names of machines that are being installed with an image, of ten at most; the image stays where it is for as long. */
export async function installingWith(tx: Tx, digest: string): Promise<string[]> {
  const rows = await tx.all(sql<{ hostname: string }>`select m.hostname from machine_deployments d
    join machine_states s on s.machine_id = d.machine_id join machines m on m.id = d.machine_id
    where d.image = ${digest} and s.state = 'deploying' and s.installed_at is null order by m.hostname limit 10`);
  return rows.map(({ hostname }) => hostname);
}

/** Is there an image by which machines of this architecture install others? Null: of any. */
export async function hasEphemeral(tx: Tx, architecture: string | null): Promise<boolean> {
  const row = await tx.one(sql<{
    has: boolean;
  }>`select exists (select from images where is_default and kind = 'ephemeral'
    and (${architecture}::text is null or architecture = ${architecture})) as has`);
  return row?.has ?? false;
}

/** Takes what a deployment gave a machine: the addresses, and with them their names, and the name of the tool that had it. Gives the addresses. */
export async function freeMachine(tx: Tx, machineId: string): Promise<readonly string[]> {
  const rows = await tx.all(sql<{ address: string }>`delete from interface_addresses
    where id in (select address_id from deployed_addresses where machine_id = ${machineId}) returning host(address) as address`);
  await tx.run(sql`delete from machine_deployments where machine_id = ${machineId}`);
  await tx.run(sql`update machines set annotations = annotations - ${AGENT_NAME}::text
    where id = ${machineId} and jsonb_exists(annotations, ${AGENT_NAME})`);
  return rows.map(({ address }) => address);
}
