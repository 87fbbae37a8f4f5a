import { expect, it } from 'vitest';
import { openNodeFacts } from '../../../src/agent/self/node-facts.ts';
import type { Command, HostFacts } from '../../../src/core/host-values.ts';
import { evenRandom, memoryLog, virtualTime } from '../../kit/virtual-time.ts';

const PLUGGED = { name: 'eth1', mac: '52:54:00:00:00:01', addresses: ['10.20.20.2/24'], isUp: true, hasCarrier: true };
const PULLED = { ...PLUGGED, addresses: [], hasCarrier: false };
const UNUSED = { name: 'eth2', mac: '52:54:00:00:00:02', addresses: [], isUp: true, hasCarrier: false };

const NAMED: Command = { argv: ['/usr/sbin/named', '-v'], timeoutMs: 5_000 };

/** Looks as often as the host has something to show; gives when each look was, and what services saw of eth1 then. */
async function looks(
  shown: readonly HostFacts['interfaces'][],
  onRead: (versions: Readonly<Record<string, Command>>) => void = () => {},
) {
  const { clock, wait } = virtualTime();
  const start = clock.monotonic();
  const stopping = new AbortController();
  const seen: {
    readonly at: number;
    readonly addresses: readonly string[];
    readonly hasCarrier: boolean | undefined;
  }[] = [];
  let look = 0;
  const facts = openNodeFacts({
    ports: {
      clock,
      random: evenRandom,
      log: memoryLog(),
      loop: () => Object.assign(() => {}, { end: () => {} }),
      wait: async (ms) => {
        const nic = facts.current()?.interfaces.find(({ name }) => name === 'eth1');
        seen.push({ at: clock.monotonic() - start, addresses: nic?.addresses ?? [], hasCarrier: nic?.hasCarrier });
        look += 1;
        if (look === shown.length) stopping.abort();
        await wait(ms);
      },
    },
    host: {
      facts: async (versions) => {
        onRead(versions);
        return {
          hostname: 'k1',
          os: { id: 'debian', version: '13' },
          isContainer: true,
          interfaces: shown[look] ?? [],
          versions: {},
        };
      },
    },
    versions: { dns: NAMED },
    onChange: () => {},
  });
  await facts.run(stopping.signal);
  return seen;
}

it('an interface whose carrier is away for a blink keeps its addresses, and is looked at every second meanwhile', async () => {
  const seen = await looks([[PLUGGED], [PULLED], [PULLED], [PLUGGED], [PLUGGED]]);
  expect(seen.map(({ at, addresses, hasCarrier }) => [at, addresses.length, hasCarrier])).toEqual([
    [0, 1, true],
    [5000, 1, false],
    [6000, 1, false],
    [7000, 1, true],
    [12_000, 1, true],
  ]);
});

it('an interface whose carrier stays away loses its addresses after five seconds, and has them again with it', async () => {
  const seen = await looks([[PLUGGED], ...Array.from({ length: 6 }, () => [PULLED]), [PULLED], [PLUGGED]]);
  expect(seen.map(({ at, addresses }) => [at, addresses.length])).toEqual([
    [0, 1],
    [5000, 1],
    [6000, 1],
    [7000, 1],
    [8000, 1],
    [9000, 1],
    [10_000, 0],
    [15_000, 0],
    [20_000, 1],
  ]);
});

it('an address that goes while there is a carrier is gone at once; one that was never plugged in keeps nobody busy', async () => {
  const seen = await looks([
    [PLUGGED, UNUSED],
    ...Array.from({ length: 5 }, () => [PLUGGED, UNUSED]),
    [{ ...PLUGGED, addresses: [] }, UNUSED],
  ]);
  expect(seen.map(({ at, addresses }) => [at, addresses.length]).slice(4)).toEqual([
    [4000, 1],
    [5000, 1],
    [10_000, 0],
  ]);
});

it('the first look is at interfaces alone: versions are a process each, when all start at once', async () => {
  const asked: string[][] = [];
  await looks([[PLUGGED], [PLUGGED], [PLUGGED]], (versions) => asked.push(Object.keys(versions)));
  expect(asked).toEqual([[], ['dns'], []]);
});
