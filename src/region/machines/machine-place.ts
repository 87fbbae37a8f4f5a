import { defined } from '../../core/members.ts';
import type { Machine, MachineSet } from '../../contract/machines/machine.ts';
import { accept } from '../../core/errors.ts';
import type { Annotations } from '../../model/site/annotation.ts';
import { parseAnnotations, parseArchitecture, parseDescription, parseKernelName } from '../../model/site/annotation.ts';
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
export async function readPlace(tx: Tx, body: Pick<MachineSet, PlaceMember>): Promise<PlaceColumns> {
  const groups = await readGroups(tx, body);
  const description = accept(body.description === undefined ? undefined : parseDescription(body.description));
  const annotations = accept(body.annotations === undefined ? undefined : parseAnnotations(body.annotations));
  const minHweKernel = accept(body.minHweKernel === undefined ? undefined : parseKernelName(body.minHweKernel));
  const { expectedArchitecture: architecture } = body;
  const expectedArchitecture = accept(architecture === undefined ? undefined : parseArchitecture(architecture));
  const { bootMedia } = body;
  return { ...groups, ...defined({ description, annotations, bootMedia, minHweKernel, expectedArchitecture }) };
}

/** Ids of the zone and the resource pool that a body or a list's query names. */
export async function readGroups(
  tx: Tx,
  { zone, pool }: { readonly zone?: string; readonly pool?: string },
): Promise<Pick<PlaceColumns, 'zoneId' | 'poolId'>> {
  const zoneId = zone === undefined ? undefined : (await declaredByRef(tx, 'zone', zone)).id;
  const poolId = pool === undefined ? undefined : (await declaredByRef(tx, 'resource-pool', pool)).id;
  return defined({ zoneId, poolId });
}
