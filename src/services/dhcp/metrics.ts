import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import type { DhcpDesired } from './desired.ts';
import { ENDS_FIRST } from './ends.ts';
import type { KeaPlaces } from './places.ts';
import { DONE, readAnswer, recordOf } from './socket.ts';

/** Of Kea's hook stat_cmds: one row for each subnet. Kea counts its leases for it: 3 to 14 ms for 50,000. */
const COUNTS = JSON.stringify({ command: 'stat-lease4-get' });
const TIMEOUT_MS = 2_000;
/** Subnets with metrics of their own: those whose pools are fullest. The sums are of all. */
const SUBNETS_MAX = 100;

/** The question, for the helper. */
export function countRule({ socket }: KeaPlaces): CommandRule {
  return { socket, requests: COUNTS.replaceAll(/[{}]/g, '\\$&') };
}

/** Asks Kea how many addresses of each subnet are leased. */
export function askForCounts({ socket }: KeaPlaces): Command {
  return { socket, request: COUNTS, timeoutMs: TIMEOUT_MS };
}

interface Count {
  readonly subnet: string;
  readonly total: number;
  readonly leased: number;
  readonly declined: number;
}

/** Leases and pools, in sum and for each subnet. A side of a pair reports all leases of the pair, whoever serves. */
export function metricsDhcp(answers: readonly ExecResult[], desired: DhcpDesired): readonly Metric[] {
  const counts = countsOf(answers[ENDS_FIRST + (desired.endedLeases?.length ?? 0)], desired);
  if (counts === null) return [];
  const sum = (pick: (count: Count) => number) => counts.reduce((all, count) => all + pick(count), 0);
  const fullest = counts
    .toSorted((a, b) => b.leased / (b.total || 1) - a.leased / (a.total || 1))
    .slice(0, SUBNETS_MAX);
  return [
    { name: 'leases', unit: 'count', value: sum(({ leased }) => leased) },
    { name: 'leases_declined', unit: 'count', value: sum(({ declined }) => declined) },
    { name: 'pool_addresses', unit: 'count', value: sum(({ total }) => total) },
    ...fullest.flatMap(({ subnet, total, leased }) => [
      { name: 'subnet_leases', unit: 'count', value: leased, labels: { subnet } } as const,
      { name: 'subnet_pool_addresses', unit: 'count', value: total, labels: { subnet } } as const,
    ]),
  ];
}

/** Kea's rows, of subnets that are ours; null: Kea does not report them. */
function countsOf(answer: ExecResult | undefined, { networks }: DhcpDesired): readonly Count[] | null {
  if (answer?.code !== 0) return null;
  const { result, args } = readAnswer(answer);
  if (result !== DONE) return null;
  const names = new Map(networks.flatMap(({ subnets }) => subnets.map(({ id, cidr }) => [id, cidr] as const)));
  const table = recordOf(args['result-set']);
  const columns = listOf(table['columns']);
  const place = (name: string) => columns.indexOf(name);
  return listOf(table['rows']).flatMap((row) => {
    const values = listOf(row);
    const number = (name: string) => Number(values[place(name)] ?? Number.NaN);
    const subnet = names.get(number('subnet-id'));
    const count = {
      total: number('total-addresses'),
      leased: number('assigned-addresses'),
      declined: number('declined-addresses'),
    };
    return subnet === undefined || Object.values(count).some(Number.isNaN) ? [] : [{ subnet, ...count }];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
