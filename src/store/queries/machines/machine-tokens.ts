import { type RawBuilder, sql } from 'kysely';
import type { RunPurpose } from '../../../model/machines/machine-run.ts';
import { isSealing, openOrThrow, sealOrThrow } from '../base/sealing.ts';
import type { Tx } from '../../tx.ts';
import { isLive, IS_NEWEST } from '../networks/lease-ends.ts';

/** A machine's run that is open. `tokenKey`, `secretSealed`: null until it has requested its credentials. */
export interface OpenRun {
  readonly id: number;
  readonly machineId: string;
  readonly purpose: RunPurpose;
  readonly consumerKey: string | null;
  readonly tokenKey: string | null;
  readonly secretSealed: string | null;
  /** Does it let its owner in, and stay on? */
  readonly enableSsh: boolean;
}

/** How a run begins. `by`: who requested it; it is stored if it is a user's name. */
export type RunBegin = { readonly by?: string; readonly enableSsh?: boolean; readonly userData?: Uint8Array };

const COLUMNS = sql`id, machine_id as "machineId", purpose, consumer_key as "consumerKey", token_key as "tokenKey", secret_sealed as "secretSealed",
  enable_ssh as "enableSsh"`;

/**
 * The run that a machine is in from now on; null: none. The one before ends, and its credentials with it, unless it is of the same purpose: then it
 * goes on. A machine that is gone has none.
 */
export async function storeRun(
  tx: Tx,
  machineId: string,
  purpose: RunPurpose | null,
  { by = '', enableSsh = false, userData }: RunBegin = {},
): Promise<void> {
  // Two regions that see a machine begin wait here for one another.
  await tx.run(sql`select from machines where id = ${machineId} for no key update`);
  await tx.run(sql`with ended as (update machine_tokens set ended_at = clock_timestamp(), ended_key = ${endedKey(sql`consumer_key`, sql`token_key`, sql`secret_sha256`)}, consumer_key = null, token_key = null, secret_sha256 = null,
      secret_sealed = null, user_data = null where machine_id = ${machineId} and ended_at is null and purpose is distinct from ${purpose}::text returning id)
    delete from run_scripts where run in (select id from ended)`);
  if (purpose === null) return;
  const data = userData === undefined ? null : Buffer.from(userData);
  const isSealed = data !== null && (await isSealing(tx));
  const added = await tx.one(sql<{
    id: number;
  }>`insert into machine_tokens (machine_id, purpose, user_data, begun_by, enable_ssh)
    select id, ${purpose}, ${isSealed ? null : data}::bytea, (select name from users where name = ${by}), ${enableSsh} from machines where id = ${machineId}
    on conflict (machine_id) where ended_at is null do nothing returning id`);
  if (!isSealed || added === null) return;
  const sealed = await sealOrThrow(tx, userDataPlace(added.id), data.toString('base64'));
  await tx.run(sql`update machine_tokens set user_data_sealed = ${sealed} where id = ${added.id}`);
}

/** User data may hold passwords and keys: it is sealed for its run. */
function userDataPlace(run: number): string {
  return `user-data/${run}`;
}

/** What its scripts gave until now does not count: its machine begins again. */
export async function resetRun(tx: Tx, machineId: string): Promise<void> {
  await tx.run(sql`update machine_script_results set state = 'pending', exit_status = null, started_at = null, ended_at = null, at = clock_timestamp()
    where run in (select id from machine_tokens where machine_id = ${machineId} and ended_at is null)`);
}

/** The run that a machine is in, or null. Its row is locked until the transaction ends when it `isLocked`. */
export function findOpenRun(tx: Tx, machineId: string, isLocked = false): Promise<OpenRun | null> {
  return tx.one(sql<OpenRun>`select ${COLUMNS} from machine_tokens where machine_id = ${machineId} and ended_at is null
    ${isLocked ? sql`for update` : sql``}`);
}

/** Gives a run its credentials, which it did not have. */
export async function storeCredentials(
  tx: Tx,
  id: number,
  made: {
    readonly consumerKey: string;
    readonly tokenKey: string;
    readonly secretSha256: string;
    readonly secretSealed: string;
  },
): Promise<void> {
  await tx.run(sql`update machine_tokens set consumer_key = ${made.consumerKey}, token_key = ${made.tokenKey}, secret_sha256 = ${made.secretSha256},
    secret_sealed = ${made.secretSealed} where id = ${id} and ended_at is null and token_key is null`);
}

/** Whose credentials these are, and what knows the secret; null: nobody's, or their run is over. */
export function findRunByToken(
  tx: Tx,
  { consumerKey, tokenKey }: { readonly consumerKey: string; readonly tokenKey: string },
): Promise<(Pick<OpenRun, 'id' | 'machineId' | 'purpose'> & { readonly secretSha256: string }) | null> {
  return tx.one(sql`select id, machine_id as "machineId", purpose, secret_sha256 as "secretSha256" from machine_tokens
    where token_key = ${tokenKey} and consumer_key = ${consumerKey} and ended_at is null`);
}

/** Credentials of a run that is over. They are not stored, so this is all that knows them again. */
function endedKey(
  consumer: RawBuilder<unknown>,
  token: RawBuilder<unknown>,
  secretSha256: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`encode(sha256(convert_to(${consumer} || ':' || ${token} || ':' || ${secretSha256}, 'UTF8')), 'hex')`;
}

/** Were these the credentials of a run that is over? */
export async function isEndedKey(
  tx: Tx,
  {
    consumerKey,
    tokenKey,
    secretSha256,
  }: { readonly consumerKey: string; readonly tokenKey: string; readonly secretSha256: string },
): Promise<boolean> {
  const key = endedKey(sql`${consumerKey}::text`, sql`${tokenKey}::text`, sql`${secretSha256}::text`);
  return (await tx.one(sql`select from machine_tokens where ended_key = ${key}`)) !== null;
}

/** The user data of a run; null: it has none. */
export async function readUserData(tx: Tx, id: number): Promise<Uint8Array | null> {
  const row = await tx.one(sql<{ data: Buffer | null; sealed: string | null }>`
    select user_data as data, user_data_sealed as sealed from machine_tokens where id = ${id}`);
  const sealed = row?.sealed ?? null;
  if (sealed === null) return row?.data ?? null;
  return Buffer.from(await openOrThrow(tx, userDataPlace(id), sealed), 'base64');
}

/** Does a run's machine boot from the network next time? */
export async function storeNetboot(tx: Tx, machineId: string, isOn: boolean): Promise<void> {
  await tx.run(
    sql`update machine_tokens set boots_network = ${isOn} where machine_id = ${machineId} and ended_at is null`,
  );
}

/**
 * Is this the address of a machine in a run: of one of its interfaces, or the newest lease of one of its MACs? A lease counts on the VLANs that the machine's cards
 * are on, or anywhere while its card is on none. Null: there is no machine in a run of this id.
 */
export async function isMachineAt(tx: Tx, machineId: string, address: string): Promise<boolean | null> {
  const row = await tx.one(sql<{ isAt: boolean }>`
    select exists (select from interfaces i join interface_addresses a on a.interface_id = i.id
        where i.machine_id = r.machine_id and a.address = ${address}::inet)
      or exists (select from leases t join interfaces i on i.mac = t.mac and i.machine_id = r.machine_id
        where t.address = ${address}::inet and t.state = 'active' and ${isLive('t')} and ${IS_NEWEST}
          and (i.vlan_id is null or exists (select from subnets s join interfaces o on o.vlan_id = s.vlan_id and o.machine_id = r.machine_id
            where s.cidr >>= t.address))) as "isAt"
    from machine_tokens r where r.machine_id = ${machineId} and r.ended_at is null`);
  return row?.isAt ?? null;
}
