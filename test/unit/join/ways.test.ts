import { expect, it } from 'vitest';
import { OTHERS_MS, waitForRegionPorts } from '../../../src/join/member/ways.ts';
import type { MemberPorts } from '../../../src/join/member/ports.ts';

const REGIONS = ['r1', 'r2', 'r3'].map((name, n) => ({ name, address: `10.77.0.1${n + 1}` }));

/** Waits with region nodes that let this host through from a time on, ms; those that are not named never do. Tells when it went on, and what it said. */
async function wait(openAt: Readonly<Record<string, number>>, deadlineMs = 120_000) {
  let now = 0;
  const said: string[] = [];
  const ports: Pick<MemberPorts, 'connect' | 'monotonic' | 'say' | 'sleep'> = {
    monotonic: () => now,
    sleep: async (ms) => void (now += ms),
    say: (line) => void said.push(line),
    connect: async (address, port) => {
      const { name = '' } = REGIONS.find((region) => region.address === address) ?? {};
      // The ports open one after the other.
      return now >= (openAt[name] ?? Infinity) + port / 10 ? null : 'connect ETIMEDOUT';
    },
  };
  const end = waitForRegionPorts({ ports: ports as MemberPorts, deadline: deadlineMs }, REGIONS);
  const error = await end.then(
    () => null,
    (thrown: Error) => thrown.message,
  );
  return { now, said, error };
}

it('goes on when each region node lets this one through on all ports', async () => {
  const { now, said, error } = await wait({ r1: 0, r2: 3000, r3: 9000 });
  expect(error).toBeNull();
  expect(now).toBeGreaterThanOrEqual(9000);
  expect(now).toBeLessThan(12_000);
  expect(said.join('\n')).not.toContain('warning');
});

it('does not wait for a region node that is away once the others have had their time, and names it', async () => {
  const { now, said, error } = await wait({ r1: 0, r3: 5000 });
  expect(error).toBeNull();
  expect(now).toBeGreaterThanOrEqual(5000 + OTHERS_MS);
  expect(now).toBeLessThan(9000 + OTHERS_MS);
  expect(said.at(-1)).toMatch(
    /^warning: port \d+ of r2 \(10\.77\.0\.12\) does not answer .*The join does not wait for it\.$/,
  );
});

it('goes on with no minority: at its deadline it says what is missing', async () => {
  const { error, said } = await wait({ r2: 0 });
  expect(error).toMatch(/Not done within the time given .* of r1 \(10\.77\.0\.11\)/);
  expect(said.join('\n')).not.toContain('warning');
});
