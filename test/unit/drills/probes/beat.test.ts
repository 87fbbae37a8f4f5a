import { expect, it } from 'vitest';
import { startBeat } from '../../../../src/drills/probes/time/beat.ts';
import { monotonicMs } from '../../../../src/drills/probes/time/deadline.ts';
import { until } from '../../../kit/until.ts';

it('no beat comes more than 1 ms early, also where its length is no whole number of ms', async () => {
  const from = monotonicMs();
  const beats: number[] = [];
  const stop = startBeat({ everyMs: 3.9, offsetMs: 3.9 }, () => beats.push(monotonicMs() - from));
  await until('hundred beats', () => beats.length >= 100);
  stop();
  // Beats that a starved process missed only make the later ones later.
  const early = beats.map((at, turn) => (turn + 1) * 3.9 - at).filter((ms) => ms > 1);
  expect(early).toEqual([]);
});
