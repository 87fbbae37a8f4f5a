import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LeaseChanges, openLeaseMemory } from '../../../src/agent/leases/lease-walk.ts';
import { LEASES_PER_REPORT } from '../../../src/contract/cluster/agent.ts';
import type { LeasePage, ServedLease } from '../../../src/services/kit/contract.ts';

const numberOf = (address: string) => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
const textOf = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

function lease(address: number, version = 0): ServedLease {
  const [mac, clientId] = ['52:54:00:00:00:01', null];
  const times = { startsAt: 1000 + version, expiresAt: 2000 + version };
  return { address: textOf(address), subnetId: 1, mac, clientId, hostname: `v${version}`, state: 'active', ...times };
}

function pagesOf(leases: readonly ServedLease[], size: number): LeasePage[] {
  const sorted = leases.toSorted((a, b) => numberOf(a.address) - numberOf(b.address));
  const pages: LeasePage[] = [];
  for (let start = 0; ; start += size) {
    const part = sorted.slice(start, start + size);
    const isLast = start + size > sorted.length;
    pages.push({ leases: part, next: isLast ? null : (part.at(-1)?.address ?? null) });
    if (isLast) return pages;
  }
}

/** A region that does what a report says. */
function openMirror() {
  const held = new Map<string, ServedLease['hostname']>();
  return {
    held,
    take: ({ leases, gone, whole }: LeaseChanges) => {
      const [first, last] = whole ? [numberOf(whole.first), numberOf(whole.last)] : [1, 0];
      for (const address of held.keys())
        if (numberOf(address) >= first && numberOf(address) <= last) held.delete(address);
      for (const address of gone) held.delete(address);
      for (const { address, hostname } of leases) held.set(address, hostname);
    },
  };
}

/** Walks over all pages, telling the mirror; gives the number of leases and addresses that were told. */
function walk(
  memory: ReturnType<typeof openLeaseMemory>,
  mirror: ReturnType<typeof openMirror>,
  pages: readonly LeasePage[],
  isWhole: boolean,
): number {
  memory.begin(isWhole);
  let told = 0;
  for (const page of pages) {
    for (const changes of memory.differ(page)) {
      expect(Math.max(changes.leases.length, changes.gone.length)).toBeLessThanOrEqual(LEASES_PER_REPORT);
      mirror.take(changes);
      memory.note(changes);
      told += changes.leases.length + changes.gone.length;
    }
  }
  return told;
}

describe('walks over leases', () => {
  const space = fc.integer({ min: 0, max: 40 }).map((value) => (value % 2 === 0 ? value : 0xffff_ffff - value));
  const state = fc.dictionary(space.map(String), fc.integer({ min: 0, max: 3 }));

  it('leave the region with the truth, whatever it had, whole or by differences, in pages of any size', () => {
    const step = fc.record({ state, size: fc.integer({ min: 1, max: 7 }), isWhole: fc.boolean() });
    fc.assert(
      fc.property(state, fc.array(step, { minLength: 1, maxLength: 5 }), (before, steps) => {
        const [memory, mirror] = [openLeaseMemory(), openMirror()];
        for (const [address, version] of Object.entries(before))
          mirror.held.set(textOf(Number(address)), `v${version}`);
        for (const [index, { state: now, size, isWhole }] of steps.entries()) {
          const leases = Object.entries(now).map(([address, version]) => lease(Number(address), version));
          walk(memory, mirror, pagesOf(leases, size), isWhole || index === 0);
          expect(Object.fromEntries(mirror.held)).toEqual(
            Object.fromEntries(leases.map((item) => [item.address, item.hostname])),
          );
          expect(memory.size()).toBe(leases.length);
        }
      }),
    );
  });

  it('tell nothing when nothing changed, and one thing when one did', () => {
    const [memory, mirror] = [openLeaseMemory(), openMirror()];
    const leases = Array.from({ length: 1200 }, (_, index) => lease(0x0a00_0000 + index));
    expect(walk(memory, mirror, pagesOf(leases, 500), true)).toBe(1200);
    expect(walk(memory, mirror, pagesOf(leases, 500), false)).toBe(0);
    const changed = [...leases.slice(0, 700), lease(0x0a00_0000 + 700, 1), ...leases.slice(701)];
    expect(walk(memory, mirror, pagesOf(changed, 500), false)).toBe(1);
    expect(walk(memory, mirror, pagesOf(changed.slice(1), 500), false)).toBe(1);
    expect(walk(memory, mirror, pagesOf([], 500), false)).toBe(1199);
  });

  it('know nothing before it was taken', () => {
    const memory = openLeaseMemory();
    memory.begin(true);
    memory.differ({ leases: [lease(1)], next: null });
    expect(memory.size()).toBe(0);
  });

  it('end at pages that go back', () => {
    const memory = openLeaseMemory();
    memory.begin(true);
    memory.differ({ leases: [lease(9)], next: textOf(9) });
    expect(() => memory.differ({ leases: [lease(3)], next: textOf(3) })).toThrow(/after a later one/);
  });

  it('one hundred thousand leases cost little memory', () => {
    const [memory, mirror] = [openLeaseMemory(), { held: new Map(), take: () => {} }];
    const pages = pagesOf(
      Array.from({ length: 100_000 }, (_, index) => lease(0x0a00_0000 + index)),
      LEASES_PER_REPORT,
    );
    expect(walk(memory, mirror, pages, true)).toBe(100_000);
    expect(memory.size()).toBe(100_000);
  });
});
