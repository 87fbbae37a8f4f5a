import { describe, expect, it } from 'vitest';
import { testExecutor } from '../kit/power/rig.ts';
import { manualRig } from '../kit/power/rig-registry.ts';

describe('the driver manual', () => {
  it('asks a person, believes, and says that nobody looked', async () => {
    const rig = await manualRig();
    const executor = await testExecutor(rig);
    for (const [verb, words] of [
      ['on', 'on'],
      ['off', 'off'],
      ['cycle', 'off and on'],
    ] as const) {
      expect(await executor.run({ verb, boot: 'pxe' })).toMatchObject({
        kind: 'done',
        state: 'unknown',
        isVerified: false,
        notes: [`Manual: switch the machine ${words} by hand now.`],
      });
    }
    expect(await executor.run({ verb: 'query' })).toMatchObject({ kind: 'done', state: 'unknown', notes: [] });
  });
});
