import type { MachineAllocateRequest } from '../../../contract/machines/machine-lifecycle.ts';
import { accept, refuse } from '../../../core/errors.ts';
import type { Fit, MachineRequirements } from '../../../model/machines/deployment/requirements.ts';
import { fitsOf, whyNone } from '../../../model/machines/deployment/requirements.ts';
import { usualStorage } from '../../../model/machines/deployment/stored/layouts.ts';
import { type Annotations, parseAnnotations } from '../../../model/site/annotation.ts';
import {
  parseInterfaceRequirements,
  parseDiskRequirements,
} from '../../../model/machines/deployment/requirement-grammar.ts';
import { type MachineRow, updateMachine } from '../../../store/queries/machines/machines.ts';
import { lockOneOf, readCandidates } from '../../../store/queries/machines/candidates.ts';
import { readStorage, storeStorage } from '../../../store/queries/machines/machine-storage.ts';
import { lockMachineState } from '../../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import { viewMachine } from '../machine.ts';
import { writing } from '../../base/use-case.ts';
import { machineEvent } from '../lifecycle/event.ts';
import { disksOf } from './default-layout.ts';

/** Rounds of one call: in each, another call was faster and took the machine. */
const ROUNDS_MAX = 8;

/** Takes a machine that fits. */
export const allocateCases = {
  'machine.allocate-any': writing(
    'machine.allocate-any',
    () => 'machine allocate',
    async (tx, { body }, { caller }) => {
      const request = readRequest(body);
      const fit = await takeOne(tx, request);
      const { candidate, matched } = fit;
      const text = body.comment === undefined ? {} : { text: body.comment };
      const allocation = { machineId: candidate.id, event: 'allocate', by: caller.user, ...text } as const;
      const taken = accept(await machineEvent(tx, allocation));
      const row = await annotate(tx, taken, body.annotations);
      if (request.storage !== undefined && request.storage.length > 0) await holdLayout(tx, candidate.id);
      return {
        body: { machine: viewMachine(row), storage: { ...matched.storage }, interfaces: { ...matched.interfaces } },
      };
    },
  ),
};

/** The answer names the disk of the system and those that are free: a deployment must not choose another disk. */
async function holdLayout(tx: Tx, machineId: string): Promise<void> {
  const storage = await readStorage(tx, machineId);
  if (storage !== null && !storage.isUsual) return;
  const usual = usualStorage(await disksOf(tx, { id: machineId }));
  await storeStorage(tx, machineId, { ...usual, isUsual: false }, { isByDefault: true });
}

/** Adds annotations to a machine that was taken. */
async function annotate(tx: Tx, row: MachineRow, texts: Annotations | undefined): Promise<MachineRow> {
  if (texts === undefined) return row;
  const annotations = accept(parseAnnotations({ ...row.annotations, ...texts }));
  return accept(await updateMachine(tx, { key: row.id }, { annotations }));
}

/** Reads a request by its grammar, or says which text is not usable. */
function readRequest({
  architectures,
  interfaces,
  storage,
  comment: _comment,
  annotations: _annotations,
  ...rest
}: MachineAllocateRequest): MachineRequirements {
  const cards = accept(interfaces === undefined ? [] : parseInterfaceRequirements(interfaces));
  const disks = accept(storage === undefined ? [] : parseDiskRequirements(storage));
  const named = architectures?.map((name) => name.replace(/\/.*$/s, ''));
  return { ...rest, ...(named === undefined ? {} : { architectures: named }), interfaces: cards, storage: disks };
}

/**
 * Locks a machine that fits and that nobody else has taken. One that another call is about to take is waited for if
 * there is no other: that call may give it up. So the last one is taken by exactly one.
 */
async function takeOne(tx: Tx, request: MachineRequirements): Promise<Fit> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const candidates = await readCandidates(tx);
    const fits = fitsOf(candidates, request);
    const [first] = fits;
    if (first === undefined) refuse('conflict', whyNone(candidates, request));
    const free = await lockOneOf(
      tx,
      fits.map(({ candidate }) => candidate.id),
    );
    const taken = fits.find(({ candidate }) => candidate.id === free);
    if (taken !== undefined) return taken;
    const row = await lockMachineState(tx, first.candidate.id);
    if (row?.state === 'ready' && !row.isLocked) return first;
  }
  refuse('conflict', 'Other callers took every machine that fits at the same moment. Try again.');
}
