import type { ObjectChange, SiteApplied } from '../../../contract/export.ts';
import { EXPORT_KINDS, exportKindOf } from '../../../contract/export-kinds.ts';
import { ProblemError } from '../../../contract/base/wire/transport.ts';
import { formatCount } from '../../../core/count-text.ts';
import { nearestHint } from '../../../core/nearest.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { toCliError } from '../../failure.ts';
import { type FileSet, readFileSet } from '../../files/file-set.ts';
import { printable, safeJson } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { hasErrors, previewLines } from '../../format/preview.ts';
import { option, options } from '../../values.ts';
import { hasColor } from '../../waiting/progress.ts';

/** A file of thousands of machines takes a while. */
export const FILE_PATIENCE = { deadlineMs: 120_000, refusedMs: 3000, timeoutMs: 70_000 } as const;

const FILES: readonly OptionSpec[] = [
  {
    flags: '-f, --file <path>',
    help: 'a file, a folder of *.yaml, or - for standard input; may be repeated',
    repeat: true,
  },
  { flags: '--prune', help: 'delete objects that the files do not list, of the kinds that they list' },
  {
    flags: '--kind <kind>',
    help: 'with --prune: also of this kind; "all": of every kind; may be repeated',
    repeat: true,
  },
];

const PLAN: OptionSpec = {
  flags: '--plan <digest>',
  help: 'apply the changes that a diff showed, and no others: refused if the site has changed since',
};

/** `regent apply`. */
export const APPLY: NounSpec = {
  noun: 'apply',
  summary: 'make the site as files have it, all of it or nothing',
  commands: [
    {
      verb: '',
      summary: 'make the site as files have it: in one transaction, and nothing if one object is refused',
      options: [...FILES, PLAN],
      isChange: true,
      examples: [
        'regent apply -f site.yaml --dry-run',
        'regent apply -f site/ --prune --wait',
        'regent apply -f site.yaml --plan 3f2a90c1d4e5b6a7',
      ],
      run: apply,
    },
  ],
};

/** `regent diff`. */
export const DIFF: NounSpec = {
  noun: 'diff',
  summary: 'show what an apply of files would change, in the site and in the real files of every node',
  commands: [
    {
      verb: '',
      summary: 'show what an apply of files would change; exit code 6 when the site differs from them',
      options: FILES,
      examples: ['regent diff -f site.yaml', 'regent export | regent diff -f -'],
      run: async (call) => {
        const files = await readFileSet(call.io, options(call, 'file'));
        const { isOther, exit } = await preview(call, files);
        return exit === EXIT.ok && isOther ? EXIT.degraded : exit;
      },
    },
  ],
};

async function apply(call: Call): Promise<ExitCode> {
  const files = await readFileSet(call.io, options(call, 'file'));
  if (call.change.dryRun) return (await preview(call, files)).exit;
  // The first use of the region decides how long its calls may take.
  await call.region(FILE_PATIENCE);
  return withPlaces(files, () =>
    runChange(call, {
      route: 'config.apply',
      input: { body: bodyOf(call, files) },
      shape: { kind: 'plan', name: ({ plan }) => plan, columns: [] },
      done: 'applied',
      describe: (applied) => reportLines(applied, files).join('\n'),
    }),
  );
}

async function preview(call: Call, files: FileSet): Promise<{ readonly isOther: boolean; readonly exit: ExitCode }> {
  const { client } = await call.region(FILE_PATIENCE);
  const found = await withPlaces(files, () => client.preview('config.apply', { body: bodyOf(call, files) }));
  const applied = found.object as SiteApplied;
  if (!(await printData(printerOf(call), found))) {
    const lines = [
      ...reportLines(applied, files).map(printable),
      '',
      ...previewLines({ nodes: found.nodes }, hasColor(call.io)),
    ];
    call.io.out.write(`${lines.join('\n')}\n`);
  }
  return { isOther: applied.changes.length > 0, exit: hasErrors(found.nodes) ? EXIT.error : EXIT.ok };
}

function bodyOf(call: Call, { site, plurals }: FileSet) {
  const plan = option(call, 'plan');
  const prune = call.options['prune'] === true ? prunedOf(call, plurals) : [];
  return { site, ...(prune.length === 0 ? {} : { prune: [...prune] }), ...(plan === undefined ? {} : { plan }) };
}

function prunedOf(call: Call, plurals: readonly string[]): readonly string[] {
  const named = options(call, 'kind');
  const all = EXPORT_KINDS.map(({ plural }) => plural);
  if (named.includes('all')) return all;
  const more = named.map((name) => {
    const kind = exportKindOf(name);
    if (kind !== undefined) return kind.plural;
    const rule = `Rule: all, or some of ${all.join(', ')}.`;
    throw usageError(`--kind: there is no kind "${name}"${nearestHint(name, all)}. ${rule}`);
  });
  return [...new Set([...plurals, ...more])];
}

/** A refusal says where in the files it is. */
async function withPlaces<T>(files: FileSet, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = error instanceof ProblemError ? error.problem : null;
    const fields = (problem?.fields ?? []).filter(({ field }) => field.startsWith('site/') || field === 'prune');
    if (problem === null || fields.length === 0) throw error;
    const plain = toCliError(error);
    const lines = fields.map((field) => files.lineOf(field));
    const next = plain.next.filter((line) => !fields.some(({ field }) => line.startsWith(`${field}:`)));
    throw new CliError(plain.exit, `${problem.title}. Nothing was changed.`, [...lines, ...next], { cause: error });
  }
}

const CHANGES_MOST = 200;

function reportLines(applied: SiteApplied, files: FileSet): string[] {
  const { created, changed, unchanged, deleted, changes, notes, plan, revision } = applied;
  const shown = changes.slice(0, CHANGES_MOST).flatMap((change) => changeLines(change, files));
  const more = changes.length > CHANGES_MOST ? [`… and ${changes.length - CHANGES_MOST} more: -o json`] : [];
  const summary = `${formatCount(created, 'object')} created, ${changed} changed, ${unchanged} unchanged, ${deleted} deleted. Plan ${plan}, site at revision ${revision}.`;
  return [...shown, ...more, ...notes, summary];
}

function changeLines({ action, kind, name, place, members }: ObjectChange, files: FileSet): string[] {
  const at = place === null ? null : files.placeOf(place);
  const where = at === null ? '' : `  (${at.file}:${at.line})`;
  return [
    `${action.padEnd(8)} ${kind} ${name}${where}`,
    ...members.map(({ member, before, after }) => `           ${member}: ${valueText(before)} → ${valueText(after)}`),
  ];
}

const VALUE_MOST = 100;

function valueText(value: unknown): string {
  const text = safeJson(value, 0);
  return text.length > VALUE_MOST ? `${text.slice(0, VALUE_MOST)}…` : text;
}
