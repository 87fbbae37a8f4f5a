import { FEATURES } from '../../model/cluster/cluster.ts';
import type { Database } from '../../store/database.ts';
import { enableFeatures, readFeatures } from '../../store/queries/base/features.ts';
import type { DatabaseHealth } from './port.ts';
import { knownFeatures } from '../../store/health.ts';
import { reached, type Task } from './task.ts';

/**
 * Turns on what every region node knows by now. `beat` writes the row that says what this process knows. Nothing is turned off again, so
 * the task has nothing left to do once everything is on.
 */
export function createFeatureTask(db: Database, beat: () => Promise<DatabaseHealth>): Task {
  let isAllOn = false;
  return {
    name: 'features',
    async run() {
      if (isAllOn) return null;
      await beat();
      const known = await knownFeatures(db.sealer);
      const { enabled, on } = await reached(
        db.repeatable(async (tx) => ({ enabled: await enableFeatures(tx, known), on: await readFeatures(tx) })),
      );
      isAllOn = FEATURES.every((feature) => on.includes(feature));
      return enabled.length === 0 ? null : `every region node knows ${enabled.join(', ')}: on from now on`;
    },
  };
}
