import type { Machine, MachineSet } from '../../../contract/machines/machine.ts';
import { accept, invalid, refuse } from '../../../core/errors.ts';
import { type PowerParameters, parseMachineParameters } from '../../../model/machines/power.ts';
import { driverOf } from '../../../power/registry.ts';
import { findDeclared } from '../../../store/declared/rows.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import type { Tx } from '../../../store/tx.ts';
import { declaredByRef } from '../../base/declared.ts';

/** What switches a machine, as columns. */
type PowerColumns = { readonly bmcId?: number | null; readonly powerParameters?: PowerParameters };

type MachineBmc = Pick<MachineRow, 'bmcId' | 'bmc' | 'powerParameters'>;
type PowerStatus = Pick<
  MachineRow,
  'powerState' | 'powerStateAt' | 'powerSeenBy' | 'powerWhy' | 'powerRemedy' | 'suggestedBmc'
>;
type PowerMember = keyof PowerStatus | 'bmc' | 'powerType' | 'powerParameters';

/** What of it an answer shows. */
export function viewPower(row: MachineBmc & PowerStatus & Pick<MachineRow, 'powerType'>): Pick<Machine, PowerMember> {
  const { bmc, powerType, powerParameters, suggestedBmc } = row;
  if (bmc === null) return suggestedBmc === null ? {} : { suggestedBmc };
  const { powerState, powerStateAt, powerSeenBy, powerWhy, powerRemedy } = row;
  const seen = { powerState, powerStateAt, powerSeenBy, powerWhy, powerRemedy };
  const parameters = powerParameters as NonNullable<Machine['powerParameters']>;
  return { bmc, ...(powerType === null ? {} : { powerType }), powerParameters: parameters, ...seen };
}

/** The BMC that a body names, and the machine's own parameters there by the law of its power type. Another BMC forgets the parameters of before. */
export async function readPower(
  tx: Tx,
  body: Pick<MachineSet, 'bmc' | 'powerParameters'>,
  old: MachineBmc | null,
): Promise<PowerColumns> {
  if (body.bmc === undefined && body.powerParameters === undefined) return {};
  const bmc = await bmcOf(tx, body.bmc, old);
  if (bmc === null) {
    const given = Object.keys(body.powerParameters ?? {});
    if (given.length === 0) return { bmcId: null, powerParameters: {} };
    refuse(invalid('powerParameters', 'the machine has no BMC', 'only with a BMC: --bmc'));
  }
  const before = bmc.id === old?.bmcId ? old.powerParameters : {};
  const given = body.powerParameters ?? before;
  const parameters = accept(parseMachineParameters(driverOf(bmc.powerType).settings, given, bmc.parameters));
  return { bmcId: bmc.id, powerParameters: parameters };
}

async function bmcOf(tx: Tx, given: string | null | undefined, old: MachineBmc | null) {
  if (given === null) return null;
  if (given !== undefined) return await declaredByRef(tx, 'bmc', given);
  return typeof old?.bmcId === 'number' ? await findDeclared(tx, 'bmc', { id: old.bmcId }) : null;
}
