import { machineByRef } from '../machine.ts';
import { reading } from '../../base/use-case.ts';
import { readTimeline } from './read.ts';

/** The steps that were seen of a machine. */
export const timelineCases = {
  'machine.timeline': reading('machine.timeline', async (tx, { params, query }, context) => {
    const machine = await machineByRef(tx, params.machine);
    const timeline = await readTimeline(tx, context, machine, { run: query?.run, all: query?.all });
    return { body: timeline };
  }),
};
