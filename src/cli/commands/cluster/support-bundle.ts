import { formatCount } from '../../../core/count-text.ts';
import type { BundleContents, SupportBundle } from '../../../core/support-bundle.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { option, sinceOf } from '../../values.ts';

const DAY_MS = 86_400_000;

/** `regent support-bundle`. */
export const SUPPORT_BUNDLE: NounSpec = {
  noun: 'support-bundle',
  summary: 'one file with what an engineer needs to understand a fault: all nodes, without any secret',
  commands: [
    {
      verb: '',
      summary: 'write state, findings, logs and generated files of all nodes into one file, without any secret',
      options: [
        { flags: '--out <file>', help: 'the file; regent-support-TIME.tar.gz when left out; never an existing one' },
        {
          flags: '--encrypt-to <recipient>',
          help: 'encrypt it to this age recipient (age1…), or to each line of @FILE',
        },
        { flags: '--since <when>', help: 'logs and lists from then on: 2h, 7d, or a moment; 24h when left out' },
        {
          flags: '--local',
          help: 'as root on a node: only this host, without the API; also while the database is away',
        },
      ],
      examples: [
        'regent support-bundle',
        'regent support-bundle --since 2h --encrypt-to age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
        'sudo regent support-bundle --local',
      ],
      run: makeBundle,
    },
  ],
};

async function makeBundle(call: Call): Promise<void> {
  if (call.options['local'] === true)
    throw usageError('--local: it works on an installed node only, as root.', [
      'Run: sudo regent support-bundle --local',
    ]);
  const encrypt = await readRecipients(call);
  const since = sinceOf(call).since ?? new Date(call.io.now() - DAY_MS).toISOString();
  // Only this command loads what it needs.
  const { collectBundle } = await import('../../support/collect.ts');
  const { packBundle } = await import('../../support/pack.ts');
  const bundle = await collectBundle(call, since);
  const { name, content } = await packBundle(bundle, encrypt);
  const path = option(call, 'out') ?? name;
  await writeNew(call, path, content);
  call.io.out.write(`${bundleLines(path, content.length, bundle).map(printable).join('\n')}\n`);
}

async function readRecipients(call: Call): Promise<readonly string[]> {
  const value = option(call, 'encryptTo');
  if (value === undefined) return [];
  const { parseRecipients } = await import('../../support/pack.ts');
  const text = value.startsWith('@') ? await call.io.readFile(value.slice(1)) : value;
  if (text === null) throw usageError(`--encrypt-to: there is no file ${value.slice(1)}.`);
  const recipients = await parseRecipients(text);
  if (typeof recipients === 'string') throw usageError(`--encrypt-to: ${recipients}`);
  return recipients;
}

async function writeNew(call: Call, path: string, content: Uint8Array): Promise<void> {
  const isWritten = await call.io.createFile(path, content);
  if (!isWritten) throw new CliError(EXIT.conflict, `${path} exists. Rule: a bundle replaces no file. Give --out.`);
}

/** What came of it: the file, what is in it, what is not and why. */
export function bundleLines(path: string, bytes: number, { contents }: SupportBundle): string[] {
  const nodes = contents.nodes.map(({ name, why }) => `  ${name}: ${why ?? 'complete'}`);
  const other = contents.missing.filter(({ path: part }) => !isOfNode(contents, part));
  return [
    `${path}: ${formatCount(contents.files.length, 'file')}, ${(bytes / 1024 ** 2).toFixed(1)} MiB, secrets are ***.`,
    ...(nodes.length === 0 ? [] : ['Nodes:', ...nodes]),
    ...(other.length === 0 ? [] : ['Not in it:', ...other.map(({ path: part, why }) => `  ${part}: ${why}`)]),
    ...contents.notes,
    'Read contents.json, its first file, before you hand it on.',
  ];
}

const isOfNode = ({ nodes }: BundleContents, part: string): boolean =>
  nodes.some(({ name, why }) => why !== null && part.startsWith(`nodes/${name}/`));
