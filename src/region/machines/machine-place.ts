import type { Machine, MachineSet } from '../../contract/machines/machine.ts';
import { isRejected, type Rejected } from '../../core/errors.ts';
import {
  type Annotations,
  parseAnnotations,
  parseArchitecture,
  parseDescription,
  parseKernelName,
} from '../../model/site/annotation.ts';
import type { BootMedia } from '../../model/images/boot-media.ts';
import type { MachineRow } from '../../store/queries/machines/machines.ts';
import type { Tx } from '../../store/tx.ts';
import { declaredByRef } from '../base/declared.ts';

/** Where a machine is, how it is described and what it boots by, as columns. */
interface PlaceColumns {
  readonly zoneId?: number;
  readonly poolId?: number;
  readonly description?: string;
  readonly annotations?: Annotations;
  readonly bootMedia?: BootMedia;
  readonly minHweKernel?: string;
  readonly expectedArchitecture?: string;
}

type PlaceMember =
  | 'zone'
  | 'pool'
  | 'description'
  | 'annotations'
  | 'bootMedia'
  | 'minHweKernel'
  | 'expectedArchitecture';

/** What of it an answer shows. */
export function viewPlace(row: Pick<MachineRow, PlaceMember>): Pick<Machine, PlaceMember> {
  const { zone, pool, description, annotations, bootMedia, minHweKernel, expectedArchitecture } = row;
  const kernel = minHweKernel === '' ? {} : { minHweKernel };
  const architecture = expectedArchitecture === '' ? {} : { expectedArchitecture };
  return { zone, pool, description, annotations: { ...annotations }, bootMedia, ...kernel, ...architecture };
}

/** The zone and the pool that a body names, and its texts by the model's laws; what it does not name is not in it. */
export async function readPlace(tx: Tx, body: Pick<MachineSet, PlaceMember>): Promise<PlaceColumns | Rejected> {
  const groups = await readGroups(tx, body);
  if (isRejected(groups)) return groups;
  const description = body.description === undefined ? undefined : parseDescription(body.description);
  if (isRejected(description)) return description;
  const annotations = body.annotations === undefined ? undefined : parseAnnotations(body.annotations);
  if (isRejected(annotations)) return annotations;
  const minHweKernel = body.minHweKernel === undefined ? undefined : parseKernelName(body.minHweKernel);
  if (isRejected(minHweKernel)) return minHweKernel;
  const { expectedArchitecture: architecture } = body;
  const expectedArchitecture = architecture === undefined ? undefined : parseArchitecture(architecture);
  if (isRejected(expectedArchitecture)) return expectedArchitecture;
  return {
    ...groups,
    ...(description === undefined ? {} : { description }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(body.bootMedia === undefined ? {} : { bootMedia: body.bootMedia }),
    ...(minHweKernel === undefined ? {} : { minHweKernel }),
    ...(expectedArchitecture === undefined ? {} : { expectedArchitecture }),
  };
}

/** Ids of the zone and the resource pool that a body or a list's query names. */
export async function readGroups(
  tx: Tx,
  { zone, pool }: { readonly zone?: string; readonly pool?: string },
): Promise<Pick<PlaceColumns, 'zoneId' | 'poolId'> | Rejected> {
  const zoneRow = zone === undefined ? null : await declaredByRef(tx, 'zone', zone);
  if (isRejected(zoneRow)) return zoneRow;
  const poolRow = pool === undefined ? null : await declaredByRef(tx, 'resource-pool', pool);
  if (isRejected(poolRow)) return poolRow;
  return { ...(zoneRow === null ? {} : { zoneId: zoneRow.id }), ...(poolRow === null ? {} : { poolId: poolRow.id }) };
}
