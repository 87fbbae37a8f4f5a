import { defineConfig } from 'vitest/config';

/** One project per test folder (architecture.md §6): what a folder needs is written there, not discovered. `random`: it draws cases. */
const project = (name: string, options: { timeout?: number; serial?: boolean; random?: boolean } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    ...(options.random ? { setupFiles: ['test/kit/seed.ts'] } : {}),
    testTimeout: options.timeout ?? 10_000,
    hookTimeout: Math.max(options.timeout ?? 10_000, 60_000),
    ...(options.serial ? { fileParallelism: false } : {}),
  },
});

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'architecture', include: ['test/architecture.test.ts'], testTimeout: 20_000 } },
      project('unit', { random: true }),
      project('golden'),
      project('agent', { timeout: 20_000, random: true }),
      project('store', { timeout: 60_000, random: true }),
      project('api', { timeout: 60_000, random: true }),
      project('scenario', { timeout: 120_000 }),
      project('check', { timeout: 120_000 }),
      project('lab', { timeout: 900_000, serial: true }),
      // Long stories on whole hosts: commands of their own, `scripts/test --only cluster-bad-days`.
      project('story', { timeout: 900_000, serial: true }),
    ],
  },
});
