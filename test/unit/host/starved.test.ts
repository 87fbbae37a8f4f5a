import { expect, it } from 'vitest';
import { realHost } from '../../../src/host/real.ts';
import { pause } from '../../kit/until.ts';

/** Does nothing else for a while, as a process that gets no processor. */
function starve(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('a starved process hears what a command wrote in time before it gives up its output', async () => {
  // The command ends at once; what it left behind writes within the time that it is listened to.
  const argv = ['sh', '-c', '(sleep 0.15; echo late) & exit 0'];
  const asked = realHost().exec({ argv, timeoutMs: 5_000 });
  await pause(100);
  // In the phase after which Node looks at its timers first.
  setImmediate(() => starve(600));
  expect(await asked).toMatchObject({ code: 0, stdout: 'late\n', timedOut: false });
});
