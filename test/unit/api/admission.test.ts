import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../src/api/admission.ts';

describe('admission', () => {
  it('begins no more work than it may, and says so; what has ended, well or not, makes room', async () => {
    const admission = createAdmission(2);
    const ends: ((isWell: boolean) => void)[] = [];
    const work = () =>
      new Promise<string>((resolve, reject) => {
        ends.push((isWell) => (isWell ? resolve('done') : reject(new Error('a fault'))));
      });
    const [first, second] = [admission.within(work), admission.within(work)];
    expect(await admission.within(work)).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('2 calls'),
    });
    expect(ends).toHaveLength(2);
    ends[0]?.(false);
    await expect(first).rejects.toThrow('a fault');
    const third = admission.within(work);
    expect(ends).toHaveLength(3);
    for (const end of ends) end(true);
    expect(await Promise.all([second, third])).toEqual(['done', 'done']);
  });
});
