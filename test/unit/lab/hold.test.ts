import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { holdLab } from '../../../src/lab/outer/hold.ts';
import { until } from '../../kit/until.ts';

const MODULE = join(import.meta.dirname, '../../../src/lab/outer/hold.ts');
/** No lab has such a name (lab/layout): a drill that runs on this machine is not met. */
const lab = () => `TEST-${crypto.randomUUID()}`;

describe('one drill at a time on a lab', () => {
  it('refuses a second one at once and says why; after the first it may', async () => {
    const name = lab();
    const first = await holdLab(name);
    await expect(holdLab(name)).rejects.toMatchObject({
      code: 'drill',
      message: expect.stringContaining(`Another drill plays on the lab "${name}"`),
    });
    await first.release();
    await (await holdLab(name)).release();
  });

  it('keeps labs apart', async () => {
    const name = lab();
    const holds = [await holdLab(name), await holdLab(`${name}-b`)];
    for (const hold of holds) await hold.release();
  });

  it('is held by another process until that is gone, also by a kill', async () => {
    const name = lab();
    const text = `const { holdLab } = await import(${JSON.stringify(MODULE)}); await holdLab(${JSON.stringify(name)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      await expect(holdLab(name)).rejects.toMatchObject({ code: 'drill' });
    } finally {
      child.kill('SIGKILL');
    }
    const hold = await until('the lab is free', () => holdLab(name));
    await hold.release();
  });
});
