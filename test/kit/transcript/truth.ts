import { run } from '../../../src/lab/command.ts';
import { execHost, needInit } from '../../../src/lab/exec.ts';
import type { Layout } from '../../../src/lab/layout.ts';
import { pause } from '../until.ts';

/** Who was what at one moment, asked of the hosts themselves. `fromAt`, `toAt`: ms since 1970, the look's begin and end. */
export interface Truth {
  readonly fromAt: number;
  readonly toAt: number;
  readonly alive: readonly string[];
  readonly primaries: readonly string[];
  readonly holders: readonly string[];
}

const EVERY_MS = 500;
const PSQL = '/usr/lib/postgresql/17/bin/psql';

/** Looks at all region hosts until it is stopped. */
export function watchTruth({ layout, regions, vip }: { layout: Layout; regions: readonly string[]; vip: string }) {
  const truths: Truth[] = [];
  let isOver = false;
  const isAlive = (host: string) => {
    try {
      return needInit(layout, host).pid > 0;
    } catch {
      return false;
    }
  };
  const isPrimary = async (host: string) => {
    const argv = [
      'runuser',
      '-u',
      'postgres',
      '--',
      PSQL,
      '-XAtq',
      '-d',
      'postgres',
      '-c',
      'select pg_is_in_recovery()',
    ];
    const result = await execHost(layout, host, argv, { timeoutMs: 1_500 }).catch(() => null);
    return result?.stdout.trim() === 'f';
  };
  const isHolder = async (host: string) => {
    const argv = ['ip', '-n', layout.hostNetns(host), '-o', '-4', 'address', 'show', 'to', vip];
    const result = await run(argv, { timeoutMs: 1_500 }).catch(() => null);
    return result?.code === 0 && result.stdout.trim() !== '';
  };
  const those = async (hosts: readonly string[], isIt: (host: string) => Promise<boolean>) =>
    (await Promise.all(hosts.map(async (host) => ((await isIt(host)) ? [host] : [])))).flat();
  const loop = async () => {
    while (!isOver) {
      const fromAt = Date.now();
      const alive = regions.filter(isAlive);
      const [primaries, holders] = await Promise.all([those(alive, isPrimary), those(alive, isHolder)]);
      truths.push({ fromAt, toAt: Date.now(), alive, primaries, holders });
      await pause(EVERY_MS);
    }
  };
  const over = loop();
  return {
    stop: async () => {
      isOver = true;
      await over;
      return truths;
    },
  };
}
