import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../src/lab/layout.ts';
import { lockLab } from '../../../src/lab/outer/lab-lock.ts';
import { until } from '../../kit/until.ts';

const LAB = join(import.meta.dirname, '../../../src/lab');
/** Of a name that nobody has: a drill that runs on this machine is not met. */
const lab = () => layoutOf(`t${crypto.randomUUID().slice(0, 13)}`);

describe('one drill at a time on a lab', () => {
  it('refuses a second one at once and says why; after the first it may', async () => {
    const layout = lab();
    const first = await lockLab(layout);
    await expect(lockLab(layout)).rejects.toMatchObject({
      code: 'drill',
      message: expect.stringContaining(`Another drill runs on the lab "${layout.instance}"`),
    });
    await first[Symbol.asyncDispose]();
    await (await lockLab(layout))[Symbol.asyncDispose]();
  });

  it('keeps labs apart', async () => {
    const layout = lab();
    const holds = [await lockLab(layout), await lockLab(layoutOf(`${layout.instance}-b`))];
    for (const hold of holds) await hold[Symbol.asyncDispose]();
  });

  it('is held by another process until that is gone, also by a kill', async () => {
    const layout = lab();
    const text = [
      `const [{ layoutOf }, { lockLab }] = await Promise.all([import('${LAB}/layout.ts'), import('${LAB}/outer/lab-lock.ts')]);`,
      `await lockLab(layoutOf('${layout.instance}'));`,
      `process.stdout.write('held'); setInterval(() => {}, 1000);`,
    ].join('\n');
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      await expect(lockLab(layout)).rejects.toMatchObject({ code: 'drill' });
    } finally {
      child.kill('SIGKILL');
    }
    const hold = await until('the lab is free', () => lockLab(layout));
    await hold[Symbol.asyncDispose]();
  });
});
