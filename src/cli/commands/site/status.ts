import { findingText } from '../../../contract/base/wire/finding.ts';
import type { Status } from '../../../contract/site/status.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { tableLines } from '../../format/table.ts';
import { age } from '../../format/when.ts';
import { SHORT } from '../base/ask.ts';
import { isAway, showAway } from './status-away.ts';

/** The largest number of rows of each kind on the status screen; problems come first. */
const ROWS_MAX = 12;

/**
 * A failover takes seconds. An operator who queries the status wants to learn at once that the site does not answer.
 */
const PATIENCE = { deadlineMs: 20_000, refusedMs: 3000 };

/** `regent status`. */
export const STATUS: NounSpec = {
  noun: 'status',
  summary: 'the site on one screen; the first line is the verdict',
  commands: [
    {
      verb: '',
      summary:
        'show the site on one screen; exit code 6 when it is degraded, 1 when no region node answers, so it is fit for cron',
      run: showStatus,
    },
  ],
};

async function showStatus(call: Call): Promise<ExitCode> {
  let found: Awaited<ReturnType<typeof readStatus>>;
  try {
    found = await readStatus(call);
  } catch (error) {
    if (call.io.interrupted.aborted || !isAway(error)) throw error;
    return await showAway(call, error);
  }
  const { status, url } = found;
  const printer = printerOf(call);
  if (printer.format === 'name') call.io.out.write(`${status.state}\n`);
  else if (!(await printData(printer, status))) {
    call.io.out.write(`${statusLines(status, url, call.io.now()).join('\n')}\n`);
  }
  return status.state === 'ok' ? EXIT.ok : EXIT.degraded;
}

async function readStatus(call: Call): Promise<{ readonly status: Status; readonly url: string }> {
  // Root on a region node need not wait for the end of a failover: this host's region also answers.
  const { client, url } = await call.region(call.io.askHost === null ? PATIENCE : SHORT);
  return { status: (await client.call('status.show', {})).body, url };
}

/** The screen, line by line. `now`: wall time in ms. */
function statusLines(status: Status, url: string, now: number): string[] {
  const { racksWaiting, withoutSecondary = 0, ...counts } = status.counts;
  const { database } = status;
  const latency = database.latencyMs === null ? '' : `, ${database.latencyMs.toFixed(1)} ms`;
  const revision =
    status.published < status.revision ? `${status.revision} (published: ${status.published})` : status.revision;
  return [
    printable(`${status.state === 'ok' ? 'OK' : 'DEGRADED'}: ${status.summary}`),
    '',
    printable(`Region    ${url}, version ${status.version}, revision ${revision}`),
    printable(`Database  ${database.state}${latency}${database.state === 'ok' ? '' : `: ${database.why}`}`),
    `Objects   ${Object.entries(counts).map(counted).join(', ')}`,
    ...(racksWaiting === 0 ? [] : [`Racks     ${racksWaiting} wait for an admin: regent rack list --state waiting`]),
    ...(withoutSecondary === 0
      ? []
      : [
          `Pairs     ${counted(['VLANs', withoutSecondary])} with DHCP without a secondary rack: regent pairing propose`,
        ]),
    '',
    ...nodeTable(status, now),
    '',
    ...serviceTable(status, now),
    ...findingLines(status),
  ];
}

/** `[records, 1]` as `1 record`. */
function counted([plural, count]: readonly [string, number]): string {
  return `${count} ${count === 1 ? plural.replace(/s$/, '') : plural}`;
}

function nodeTable(status: Status, now: number): string[] {
  const sick = (node: Status['nodes'][number]) => node.isStale || !node.isCurrent;
  const rows = worstFirst(status.nodes, sick).map((node) => [
    node.name,
    node.isStale ? 'does not report' : node.isCurrent ? 'current' : 'applying',
    node.since === null ? '' : age(node.since, now),
    `${node.applied ?? '-'}/${node.wanted}`,
  ]);
  return shortened(tableLines(['node', 'state', 'for', 'generation'], rows), 'nodes', 'regent node list');
}

function serviceTable(status: Status, now: number): string[] {
  const sick = (row: Status['services'][number]) => row.state !== 'healthy' && row.state !== 'absent';
  const rows = worstFirst(status.services, sick).map((row) => [
    row.service,
    row.node,
    row.state,
    row.since === null ? '' : age(row.since, now),
    row.why.split('\n')[0] ?? '',
  ]);
  return shortened(tableLines(['service', 'node', 'state', 'for', 'why'], rows), 'services', 'regent service list');
}

function findingLines(status: Status): string[] {
  if (status.findings.length === 0) return [];
  const lines = status.findings.map((finding) =>
    printable(
      `${finding.severity}: ${finding.service} on ${finding.node}: ${finding.subject}: ${findingText(finding)}`,
    ),
  );
  return ['', ...shortened(['Findings', ...lines], 'findings', 'regent service list -o json')];
}

function worstFirst<T>(rows: readonly T[], isSick: (row: T) => boolean): T[] {
  return [...rows.filter(isSick), ...rows.filter((row) => !isSick(row))];
}

/** Keeps the header and the first rows, so that the whole fits one screen. */
function shortened(lines: readonly string[], what: string, more: string): string[] {
  const hidden = lines.length - 1 - ROWS_MAX;
  return hidden > 0 ? [...lines.slice(0, ROWS_MAX + 1), `… and ${hidden} more ${what}: ${more}`] : [...lines];
}
