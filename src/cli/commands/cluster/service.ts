import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf } from '../base/plain.ts';
import { findingText } from '../../../contract/base/wire/finding.ts';
import type { Service, ServiceDetail } from '../../../contract/cluster/service.ts';
import { ACTIONS } from './actions.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode } from '../../exit.ts';
import { printData, printList, printOne, type Shape } from '../../format/output.ts';
import { moment, relative } from '../../format/when.ts';
import { collect, need, option } from '../../values.ts';

const WHICH = { name: '<service>', help: 'such as dns, or r1/dns for the one of a node', complete: 'service' } as const;
const NODE = { flags: '--node <node>', help: 'only on this node' };

/** `regent service`. */
export const SERVICE: NounSpec = {
  noun: 'service',
  summary: 'managed services of the nodes: dns, ntp, …',
  commands: [
    listOf<Service>(
      'service.list',
      {
        summary: 'list services and their states',
        options: {
          node: textOption('node', 'only on this node'),
          state: textOption('state', 'only those in this state, such as unhealthy'),
        },
      },
      shapeOf,
    ),
    {
      verb: 'show',
      summary: 'show what a service is, why and since when, and what was done last',
      args: [WHICH],
      options: [NODE],
      examples: ['regent service show dns', 'regent service show r1/dns'],
      run: show,
    },
    {
      verb: 'restart',
      summary: 'restart a service once',
      args: [WHICH],
      options: [NODE],
      isChange: true,
      examples: ['regent service restart dns --node r1 --wait'],
      run: restart,
    },
    ACTIONS,
  ],
};

async function show(call: Call): Promise<ExitCode> {
  const rows = await servicesOf(call);
  const printer = printerOf(call);
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    await printOne(printer, shapeOf(call), only);
    return EXIT.ok;
  }
  if (await printData(printer, rows)) return EXIT.ok;
  if (printer.format !== 'table' && printer.format !== 'wide') {
    await printList(printer, shapeOf(call), rows);
    return EXIT.ok;
  }
  for (const [index, row] of rows.entries()) {
    if (index > 0) call.io.out.write('\n');
    await printOne(printer, shapeOf(call), row);
  }
  return EXIT.ok;
}

async function restart(call: Call): Promise<ExitCode> {
  const { node, service } = target(call);
  let onNode = node;
  if (onNode === undefined) {
    const rows = await servicesOf(call);
    const [only] = rows;
    if (only === undefined || rows.length > 1)
      throw new CliError(EXIT.conflict, `${service} is on ${rows.length} nodes; say which one with --node:`, [
        rows.map((row) => row.node).join(', '),
      ]);
    onNode = only.node;
  }
  return runChange(call, {
    route: 'service.restart',
    input: { params: { node: onNode, service } },
    shape: shapeOf(call),
    done: 'restart requested',
    describe: (row) => `service ${row.node}/${row.service}: restart requested; its node does it once`,
  });
}

/** A service for the screen, with its metrics if the command names one node. */
type ServiceWithMetrics = Service & Partial<Pick<ServiceDetail, 'metrics'>>;

/** The services that the arguments name; exit code 3 when there is none. */
async function servicesOf(call: Call): Promise<ServiceWithMetrics[]> {
  const { client } = await call.region();
  const { node, service } = target(call);
  if (node !== undefined) return [(await client.call('service.show', { params: { node, service } })).body];
  const rows = await collect(client.all('service.list', { query: { service } }));
  if (rows.length > 0) return rows;
  throw new CliError(EXIT.notFound, `There is no service ${service} on any node.`, [
    'The services: regent service list',
  ]);
}

function target(call: Call): { node: string | undefined; service: string } {
  const which = need(call, 0);
  const slash = which.indexOf('/');
  if (slash < 0) return { node: option(call, 'node'), service: which };
  return { node: which.slice(0, slash), service: which.slice(slash + 1) };
}

function shapeOf(call: Call): Shape<ServiceWithMetrics> {
  const now = call.io.now();
  return {
    kind: 'service',
    name: (row) => `${row.node}/${row.service}`,
    columns: [
      { header: 'node', value: (row) => row.node },
      { header: 'service', value: (row) => row.service },
      { header: 'state', value: (row) => row.state },
      { header: 'since', value: (row) => (row.since === null ? '' : relative(row.since, now)) },
      { header: 'generation', value: (row) => `${row.applied ?? '-'}/${row.wanted}` },
      { header: 'why', value: (row) => row.why },
      { header: 'version', wide: true, value: (row) => row.version ?? '' },
      { header: 'last action', wide: true, value: (row) => row.lastAction?.kind ?? '' },
    ],
    details: (row) => [
      ['Service', `${row.service} on ${row.node}`],
      ['State', row.state + (row.isWanted ? '' : ' (not wanted on this node)')],
      ['Since', moment(row.since, now)],
      ['Why', row.why.split('\n')],
      [
        'Generation',
        `${row.applied ?? 'none'} in force, ${row.wanted} published${row.isCurrent ? '' : ' (not current)'}`,
      ],
      ['Last report', `${moment(row.reportedAt, now) || 'never'}${reportedState(row)}`],
      ['Last action', row.lastAction ? `${row.lastAction.kind} at ${moment(row.lastAction.at, now)}` : 'none'],
      ['Because', row.lastAction ? row.lastAction.why.split('\n') : ''],
      [
        'Restart',
        row.restart ? (row.restart.isDone ? 'requested and done' : 'requested, not done yet') : 'none requested',
      ],
      ['Version', row.version ?? ''],
      ['Metrics', (row.metrics ?? []).map(metricText)],
      ['Findings', row.findings.map((finding) => `${finding.severity}: ${finding.subject}: ${findingText(finding)}`)],
    ],
  };
}

/** A number as people read it: `leases 12`, `subnet_leases{subnet=10.0.0.0/24} 3`, `lag 4096 bytes`. */
function metricText({ name, unit, isTotal, value, labels }: ServiceDetail['metrics'][number]): string {
  const about = Object.entries(labels ?? {}).map(([key, text]) => `${key}=${text}`);
  const where = about.length === 0 ? '' : `{${about.join(',')}}`;
  return `${name}${isTotal ? '_total' : ''}${where}  ${value}${unit === 'count' ? '' : ` ${unit}`}`;
}

function reportedState(row: Service): string {
  return row.lastState === null || row.lastState === row.state ? '' : `: ${row.lastState}`;
}
