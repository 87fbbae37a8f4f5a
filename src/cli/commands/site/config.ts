import type { ConfigChange, PendingConfig } from '../../../contract/site/config.ts';
import type { ChangeFiles, ChangeFindings } from '../../../contract/site/screens.ts';
import { changeSentence } from '../../../contract/site/wire/change-sentence.ts';
import { askHistory } from '../../../contract/site/wire/older.ts';
import { plainSentence } from '../../../contract/site/wire/sentence.ts';
import { findingText } from '../../../contract/base/wire/finding.ts';
import { ProblemError } from '../../../contract/base/wire/transport.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printable, safeJson } from '../../format/escape.ts';
import { printData, printOne, type Shape } from '../../format/output.ts';
import { nodeLines } from '../../format/preview.ts';
import { moment, stamp } from '../../format/when.ts';
import { hasColor } from '../../waiting/progress.ts';
import { HISTORY_OPTIONS, historyQuery, printHistory } from '../base/history-options.ts';
import { integer, need, option, sinceOf, text } from '../../values.ts';

const SHAPE: Shape<ConfigChange> = {
  kind: 'change',
  name: (change) => String(change.id),
  columns: [
    { header: 'id', value: (change) => String(change.id) },
    { header: 'at', value: (change) => stamp(change.at) },
    { header: 'what', value: (change) => whatOf(change) },
    { header: 'who', wide: true, value: (change) => change.who },
    { header: 'command', wide: true, value: (change) => change.summary },
    { header: 'rows', wide: true, value: (change) => String(change.rows.length) },
    { header: 'from', wide: true, value: (change) => change.origin },
    { header: 'undoes', wide: true, value: (change) => (change.reverts === null ? '' : String(change.reverts)) },
  ],
};

const whatOf = (change: ConfigChange): string => plainSentence(changeSentence(change));

const WHICH = { name: '<change>', help: 'id (the revision that it made), see: regent config history' };
const PAGE_MAX = 1000;

/** `regent config`. */
export const CONFIG: NounSpec = {
  noun: 'config',
  summary: 'configuration: what is not yet in force, its history, undoing a change',
  commands: [
    {
      verb: 'diff',
      summary:
        'show what is published and not yet in force, as differences of the real files; exit code 6 when something differs from the request',
      run: diff,
    },
    {
      verb: 'history',
      summary: 'list changes, newest first',
      options: [
        { flags: '--limit <number>', help: `how many, at most ${PAGE_MAX} (20 when left out)` },
        { flags: '--who <user>', help: 'only those by this user' },
        { flags: '--table <table>', help: 'only those that touched rows of this table, such as records' },
        ...HISTORY_OPTIONS,
        { flags: '--since <when>', help: 'a span such as 2h or 7d, or a moment such as 2030-01-01T00:00:00Z' },
      ],
      run: async (call) => {
        const { client } = await call.region();
        const limit = integer(option(call, 'limit') ?? '20', '--limit');
        if (limit < 1 || limit > PAGE_MAX) throw usageError(`--limit: ${limit} is out of range, 1 to ${PAGE_MAX}.`);
        const query = { limit, ...text(call, 'who'), ...text(call, 'table'), ...historyQuery(call), ...sinceOf(call) };
        const page = await askHistory(
          query,
          async (sent) => (await client.call('config.history', { query: sent })).body,
          (change) => ({ text: `${whatOf(change)} ${change.summary}`, who: change.who, at: change.at }),
        );
        await printHistory(call, SHAPE, page);
      },
    },
    {
      verb: 'show',
      summary:
        'show a change: every row before and after, what was found when it was compiled, and which files of which nodes it changed',
      args: [WHICH],
      run: async (call) => {
        const { client } = await call.region();
        const input = { params: { change: changeId(call) } };
        const { body } = await client.call('config.show', input);
        const compile = await ofThisRelease(client.call('config.findings', input));
        const files = await ofThisRelease(client.call('config.files', input));
        await printOne(printerOf(call), detailed(call), { ...body, compile, files });
      },
    },
    {
      verb: 'rollback',
      summary: 'undo a change; refused when a later one touched the same rows',
      args: [WHICH],
      isChange: true,
      examples: ['regent config rollback 12 --dry-run', 'regent config rollback 12 --wait'],
      run: (call) =>
        runChange(call, {
          route: 'config.rollback',
          input: { params: { change: changeId(call) } },
          shape: SHAPE,
          done: 'undone',
          // The answer is the undone change.
          describe: (change) => `change ${change.id} undone: ${change.summary}`,
        }),
    },
  ],
};

async function diff(call: Call): Promise<ExitCode> {
  const { client } = await call.region();
  const { body } = await client.call('config.diff', {});
  const held = new Set(
    body.nodes.flatMap((node) =>
      node.findings.filter(({ severity }) => severity === 'error').map(({ held: part, subject }) => part ?? subject),
    ),
  );
  const code = held.size === 0 ? EXIT.ok : EXIT.degraded;
  if (await printData(printerOf(call), body)) return code;
  const lines = body.nodes.flatMap((node) => pendingLines(node, hasColor(call.io)));
  const pending = body.nodes.filter((node) => !node.isCurrent);
  const verdict =
    pending.length === 0
      ? `Revision ${body.revision} is in force on all ${body.nodes.length} nodes.`
      : `Not yet in force: ${pending.map((node) => `${node.node} (generation ${node.applied ?? 'none'} of ${node.wanted})`).join(', ')}.`;
  const except =
    held.size === 0 ? [] : [`Differs from the request: ${[...held].join(', ')}. Each has its reason above.`];
  call.io.out.write(`${[...lines, printable(verdict), ...except.map(printable)].join('\n')}\n`);
  return code;
}

function pendingLines(node: PendingConfig['nodes'][number], isColored: boolean): string[] {
  return node.isCurrent && node.files.length === 0 && node.findings.length === 0 ? [] : nodeLines(node, isColored);
}

function changeId(call: Call): number {
  const id = integer(need(call, 0), 'change', 'the id of a change, a whole number');
  if (id < 1) throw usageError('change: ids start at 1.');
  return id;
}

/** The answer's body; null: a region of an earlier release has no such path. */
async function ofThisRelease<B>(reply: Promise<{ readonly body: B }>): Promise<B | null> {
  try {
    return (await reply).body;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404) return null;
    throw error;
  }
}

/** A change with what was found when it was compiled, and what it did to files; null: the region does not say. */
type ShownChange = ConfigChange & { readonly compile: ChangeFindings | null; readonly files: ChangeFiles | null };

function detailed(call: Call): Shape<ShownChange> {
  return {
    ...SHAPE,
    details: (change) => [
      ['Change', String(change.id)],
      ['At', moment(change.at, call.io.now())],
      ['Who', change.who],
      ['From', change.origin],
      ['What', whatOf(change)],
      ['Command', change.summary],
      ['Undoes', change.reverts === null ? '' : `change ${change.reverts}`],
      [
        'Rows',
        change.rows.flatMap((row) => [
          `${row.op} ${row.table} ${safeJson(row.key, 0)}`,
          `  before: ${safeJson(row.before, 0)}`,
          `  after:  ${safeJson(row.after, 0)}`,
        ]),
      ],
      ...compileDetails(change.compile, call),
      ...(change.compile?.state === 'waiting' ? [] : fileDetails(change.files)),
    ],
  };
}

function compileDetails(compile: ChangeFindings | null, call: Call): [string, string | string[]][] {
  if (compile === null) return [];
  if (compile.state === 'waiting') return [['Compiled', 'not yet']];
  if (compile.state === 'lost') return [['Compiled', 'its findings are no longer stored']];
  const together = compile.first === compile.last ? '' : `, with changes ${compile.first} to ${compile.last}`;
  const found = compile.items.map((finding) => {
    const until = finding.untilAt === null ? '' : ` (until ${stamp(finding.untilAt)})`;
    return `${finding.isNew ? 'new ' : ''}${pastFindingText(finding)}${until}`;
  });
  const cut = compile.isCut ? ['and more'] : [];
  return [
    ['Compiled', `${moment(compile.compiledAt, call.io.now())}${together}`],
    ['Found', found.length === 0 ? 'nothing' : [...found, ...cut]],
    ...(compile.refusals.length === 0
      ? []
      : [['Refused', compile.refusals.flatMap(refusalLines)] as [string, string[]]]),
    ...(compile.gone.length === 0 ? [] : [['No longer', compile.gone.map(pastFindingText)] as [string, string[]]]),
  ];
}

function fileDetails(files: ChangeFiles | null): [string, string | string[]][] {
  if (files === null) return [];
  const changed = files.nodes.flatMap(({ node, files: list }) =>
    list.map(({ service, target, change }) => `${node}: ${target} (${service}) ${change}`),
  );
  const lost = files.lost.length === 0 ? [] : [`no longer stored: ${files.lost.join(', ')}`];
  const lines = [...changed, ...lost];
  return [['Files', lines.length === 0 ? 'no file of any node changed' : lines]];
}

const refusalLines = ({ node, service, state, why, held }: ChangeFindings['refusals'][number]): string[] => [
  `${node}, ${service}: ${state.replaceAll('_', ' ')}: ${why}`,
  ...held.map((part) => `  without ${part.name}: ${part.why} ${part.remedy}`),
];

const pastFindingText = (finding: ChangeFindings['items'][number]): string =>
  `${finding.severity}: ${finding.node}, ${finding.service}, ${finding.subject}: ${findingText(finding)}`;
