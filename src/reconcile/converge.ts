import { AppError } from '../core/errors.ts';
import { begin, situationOf } from './context.ts';
import { planStep } from './plan.ts';
import { settle } from './settle.ts';
import type { Run } from './state.ts';
import { perform } from './steps.ts';

/** More steps than any way through the plan has: beyond it the plan is at fault, not the host. */
const STEPS_MAX = 40;

/** Brings a present service to what is wanted: observe, plan one step, do it, until nothing is left to do. */
export async function converge(run: Run): Promise<void> {
  const context = await begin(run);
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const step = planStep(situationOf(context));
    if (step === 'settle') return await settle(context);
    run.ports.log.debug('next step', { step, generation: run.wanted.generation });
    await perform(step, context);
  }
  throw new AppError('engine', `the service did not settle within ${STEPS_MAX} steps`);
}
