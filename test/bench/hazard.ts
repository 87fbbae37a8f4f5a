import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../src/contract/client.ts';
import { chanceOf, seedOfRound } from '../../src/drills/run/chance.ts';
import { run } from '../../src/lab/command.ts';
import { kill } from '../../src/lab/lab.ts';
import type { Layout } from '../../src/lab/layout.ts';
import { LAB_PROGRAM } from '../kit/lab.ts';
import { until } from '../kit/until.ts';

/** Whose host loses its power: the rack that serves a network, the database's primary, or the holder of the cluster's address. */
export type Hazard = 'rack' | 'primary' | 'holder';

const START_MS = 300_000;
const WELL_MS = 300_000;

/** The host that a hazard means now; `network`: of the rack. */
export async function victimOf(client: Client, hazard: Hazard, network: string): Promise<string> {
  if (hazard === 'holder') {
    const holder = (await client.call('cluster.show', {})).body.vip?.holders[0];
    if (holder === undefined) throw new Error('nobody holds the address');
    return holder;
  }
  if (hazard === 'primary') {
    const { primary } = (await client.call('cluster.show', {})).body.database;
    if (primary === null) throw new Error('the cluster has no primary');
    return primary;
  }
  for await (const vlan of client.all('vlan.list', {}))
    if (vlan.name === network && vlan.server?.servedBy) return vlan.server.servedBy;
  throw new Error(`no rack serves ${network}`);
}

/** Cuts the power of the victim at a moment of the installation that the seed draws; tells it and when, s after the order. Without a hazard: null. */
export async function strike(
  client: Client,
  layout: Layout,
  order: {
    readonly hazard: Hazard | null;
    readonly network: string;
    readonly seed: number;
    readonly round: number;
    readonly spanMs: number;
  },
): Promise<{ readonly host: string; readonly atS: number } | null> {
  if (order.hazard === null) return null;
  const chance = chanceOf(seedOfRound(order.seed, order.hazard, order.round));
  const waitMs = chance() * order.spanMs;
  await delay(waitMs);
  const host = await victimOf(client, order.hazard, order.network);
  await kill(layout, host);
  return { host, atS: waitMs / 1000 };
}

/** Boots the victim again, and waits until the cluster can lose a node and a rack. */
export async function mend(client: Client, layout: Layout, host: string): Promise<void> {
  const env = { ...process.env, REGENT_LAB: layout.instance } as Record<string, string>;
  const { code, stderr } = await run([process.execPath, LAB_PROGRAM, 'start', host], { timeoutMs: START_MS, env });
  if (code !== 0) throw new Error(`${host} does not start: ${stderr.trim()}`);
  await until('the cluster to be whole', async () => (await client.call('cluster.show', {})).body.state === 'ok', {
    deadlineMs: WELL_MS,
    everyMs: 2000,
  });
}
