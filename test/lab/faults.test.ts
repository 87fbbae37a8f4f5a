import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import { systemRandom } from '../../src/main/process.ts';
import { reportText, runFaults } from '../kit/faults/run.ts';
import { openProductLab, type ProductLab } from '../kit/lab.ts';

/** CI runs one round; `REGENT_FAULT_ROUNDS` and `REGENT_FAULT_SEED` ask for more, or for the same again. */
const ROUNDS = Number(process.env['REGENT_FAULT_ROUNDS'] ?? 1);
const SEED = Number(process.env['REGENT_FAULT_SEED'] ?? Date.now() % 100_000);

describe('every process killed and frozen in turn, under 20 writes/s and DNS probes', () => {
  let lab: ProductLab;
  beforeAll(async () => {
    lab = await openProductLab('faults');
  }, 400_000);
  afterAll(async () => {
    await lab?.close();
  }, 120_000);

  it(
    'comes back without hands and loses no acknowledged write',
    async () => {
      // A patient client: a backlog after a freeze may take long on a busy machine, and giving up is no loss but a failure here.
      const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom(), deadlineMs: 120_000 });
      const order = { layout: lab.layout, client, rounds: ROUNDS, seed: SEED, writesPerSecond: 20 };
      const report = await runFaults({ ...order, print: (line) => console.log(line) });
      console.log(reportText(report));
      expect(report.results.filter((result) => result.recovered === null)).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(100);
      expect({
        missing: report.missing,
        twice: report.twice,
        unanswered: report.unanswered,
        failures: report.failures,
      }).toEqual({ missing: [], twice: [], unanswered: [], failures: [] });
    },
    ROUNDS * 1_200_000,
  );
});
