import { sql } from 'kysely';
import type { FindingState } from '../../../contract/cluster/finding.ts';
import { rejected, type Rejected } from '../../../core/errors.ts';
import { comparedAddress } from '../../../model/machines/bmc-hosts.ts';
import type { AlertPlace } from '../../../model/site/alert-target.ts';
import type { Tx } from '../../tx.ts';
import { openOrThrow, sealOrThrow } from '../base/sealing.ts';

/** A target without its secret. Moments ISO 8601. */
export interface AlertTargetRow {
  readonly id: number;
  readonly name: string;
  readonly settings: AlertPlace;
  readonly hasSecret: boolean;
  readonly least: FindingState;
  readonly isEnabled: boolean;
  readonly version: number;
  readonly waiting: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly lastSuccessAt: string | null;
  readonly lastFailureAt: string | null;
  readonly lastFailure: string | null;
  readonly changedAt: string;
}

const COLUMNS = sql`t.id, t.name, t.settings, t.secret is not null as "hasSecret", t.least, t.is_enabled as "isEnabled", t.version,
  (select count(*)::int from alert_deliveries d where d.target_id = t.id and d.state = 'waiting') as waiting, t.delivered, t.dropped,
  t.last_success_at as "lastSuccessAt", t.last_failure_at as "lastFailureAt", t.last_failure as "lastFailure", t.changed_at as "changedAt"`;
const placeOf = (name: string) => `alert-target/${name}`;

/** All targets, by name. */
export function listAlertTargets(tx: Tx): Promise<AlertTargetRow[]> {
  return tx.all(sql<AlertTargetRow>`select ${COLUMNS} from alert_targets t order by t.name`);
}

/** A target by id or name; null: there is none. */
export function findAlertTarget(tx: Tx, ref: string): Promise<AlertTargetRow | null> {
  return tx.one(sql<AlertTargetRow>`select ${COLUMNS} from alert_targets t where t.name = ${ref} or t.id::text = ${ref}
    order by t.name = ${ref} desc limit 1`);
}

/** The secret of a target, opened; null: it has none. */
export async function readAlertSecret(tx: Tx, name: string): Promise<string | null> {
  const row = await tx.one(
    sql<{ sealed: string | null }>`select secret as sealed from alert_targets where name = ${name}`,
  );
  return row?.sealed == null ? null : openOrThrow(tx, placeOf(name), row.sealed);
}

/** What of a target is stored. `secret`: null for none, undefined: as it is. */
export interface AlertTargetValues {
  readonly name: string;
  readonly settings: AlertPlace;
  readonly secret: string | null | undefined;
  readonly least: FindingState;
  readonly isEnabled: boolean;
}

/** Stores a new target; a name that is taken is refused. */
export async function createAlertTarget(tx: Tx, values: AlertTargetValues): Promise<AlertTargetRow> {
  const { name, settings, secret, least, isEnabled } = values;
  const sealed = secret == null ? null : await sealOrThrow(tx, placeOf(name), secret);
  await tx.run(sql`insert into alert_targets (name, kind, settings, secret, least, is_enabled)
    values (${name}, ${settings.kind}, ${JSON.stringify(settings)}::jsonb, ${sealed}, ${least}, ${isEnabled})`);
  return must(await findAlertTarget(tx, name));
}

/** Changes a target. `ifVersion`: the version that it must have; null for any. */
export async function updateAlertTarget(
  tx: Tx,
  values: AlertTargetValues,
  ifVersion: number | null,
): Promise<AlertTargetRow | Rejected> {
  const { name, settings, secret, least, isEnabled } = values;
  const sealed = secret == null ? null : await sealOrThrow(tx, placeOf(name), secret);
  const rows =
    await tx.run(sql`update alert_targets set kind = ${settings.kind}, settings = ${JSON.stringify(settings)}::jsonb,
      secret = case when ${secret === undefined} then secret else ${sealed} end, least = ${least}, is_enabled = ${isEnabled},
      version = version + 1, changed_at = now() where name = ${name} and (${ifVersion}::int is null or version = ${ifVersion}::int)`);
  return rows === 1
    ? must(await findAlertTarget(tx, name))
    : rejected('precondition_failed', `${name} has changed since it was read.`);
}

/** Deletes a target with what waits for it. */
export async function deleteAlertTarget(tx: Tx, id: number): Promise<void> {
  await tx.run(sql`delete from alert_targets where id = ${id}`);
}

function must(row: AlertTargetRow | null): AlertTargetRow {
  if (row === null) throw new Error('the target that was just stored is not there');
  return row;
}

/** Why a host of a target is one of the cluster's own, as the end of a sentence; null: it is not. `host`: a name or an address. */
export async function ownHost(tx: Tx, host: string): Promise<string | null> {
  const address = comparedAddress(host);
  const row = await tx.one(
    address === null
      ? sql<{
          name: string;
        }>`select o.name from records r join domains d on d.id = r.domain_id join own_addresses as o(address, node, name)
          on host(o.address) = r.data
        where r.type in ('A', 'AAAA') and lower(case r.name when '@' then d.name else r.name || '.' || d.name end) = lower(${host}) limit 1`
      : sql<{
          name: string;
        }>`select o.name from own_addresses as o(address, node, name) where o.address = ${address}::inet limit 1`,
  );
  return row?.name ?? null;
}
