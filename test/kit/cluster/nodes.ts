import { sqlOn } from '../../../src/drills/run/environment.ts';
import type { TestLab } from '../lab.ts';

/** Addresses of the lab's region nodes and racks on the management network, and the floating one. */
export const REGIONS = { r1: '10.77.0.11', r2: '10.77.0.12', r3: '10.77.0.13' } as const;
export const VIP = '10.77.0.10';
export type RegionName = keyof typeof REGIONS;
export const REGION_NAMES = Object.keys(REGIONS) as RegionName[];

/** What is asked of each host itself, not of the product. Hosts that do not answer are left out. */
export interface ClusterNodes {
  /** Who has the floating address on an interface, at this moment. */
  holders(): Promise<RegionName[]>;
  /** Whose PostgreSQL takes writes. */
  primaries(): Promise<RegionName[]>;
  /** Answer of one SQL statement by a host's own PostgreSQL, whatever its role; null: it does not answer. */
  sql(host: RegionName, statement: string): Promise<string | null>;
  /** When each unit of a host became active: monotonic µs of the kernel, '0' where it is not. */
  unitStarts(host: string, units: readonly string[]): Promise<Record<string, string>>;
  /** Main process of a unit; 0 where there is none. */
  mainPid(host: string, unit: string): Promise<number>;
}

const LOOK_MS = 5_000;

/** Looks into the hosts of a lab. */
export function clusterNodes(lab: TestLab): ClusterNodes {
  const sql = (host: RegionName, statement: string) => sqlOn(lab, host, statement);
  const those = async (isIt: (host: RegionName) => Promise<boolean>) => {
    const answers = await Promise.all(REGION_NAMES.map(async (host) => ((await isIt(host)) ? [host] : [])));
    return answers.flat();
  };
  const property = async (host: string, unit: string, name: string) =>
    lab.ask(host, ['systemctl', 'show', '--value', `--property=${name}`, unit]);
  return {
    sql,
    holders: () =>
      those(async (host) => {
        const result = await lab.exec(host, ['ip', '-4', '-o', 'address', 'show'], LOOK_MS).catch(() => null);
        return result?.stdout.includes(` ${VIP}/`) ?? false;
      }),
    primaries: () => those(async (host) => (await sql(host, 'select pg_is_in_recovery()')) === 'f'),
    unitStarts: async (host, units) =>
      Object.fromEntries(
        await Promise.all(
          units.map(async (unit) => [unit, await property(host, unit, 'ActiveEnterTimestampMonotonic')] as const),
        ),
      ),
    mainPid: async (host, unit) => Number(await property(host, unit, 'MainPID')),
  };
}
