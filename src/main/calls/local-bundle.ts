import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openTrustStore } from '../../agent/channel/trust.ts';
import { makeHostQuery } from '../../cli/ask-host.ts';
import { HOST_PATHS, HOST_TIMEOUT_MS } from '../../cli/commands/base/ask.ts';
import { bundleLines } from '../../cli/commands/cluster/support-bundle.ts';
import { SUPPORT_PROGRAMS } from '../../contract/cluster/support.ts';
import { isRejected, type Rejected, sentenceOf } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import { isSecretFile, SECRET_FILES, secretsIn } from '../../core/masked.ts';
import type { Clock } from '../../core/ports.ts';
import { momentOf } from '../../core/time-text.ts';
import { type MissingPart, supportBundle, type SupportPart } from '../../core/support-bundle.ts';
import { openQuestions } from '../../host/ask/open.ts';
import { journalReader } from '../../host/observe/journal-lines.ts';
import { SUPPORT_FACTS } from '../../host/observe/support-facts.ts';
import { parseArguments, usage } from '../../join/arguments.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { withInstances } from '../../services/kit/instances.ts';
import { SERVICES } from '../../services/registry.ts';
import { isOpenQuestion } from '../../core/host-values.ts';
import { readSupportPart, type SupportPorts } from './support-runner.ts';

export const SUPPORT_HELP = `Usage: regent support-bundle --local [--out FILE] [--encrypt-to RECIPIENT] [--since WHEN]

Write logs, generated files and facts of this host into one file, without any secret. It needs neither the API nor the database.

Options:
  --out FILE              the file; regent-support-TIME.tar.gz when left out; never an existing one
  --encrypt-to RECIPIENT  encrypt it to this age recipient (age1...), or to each line of @FILE
  --since WHEN            logs from then on: 2h, 7d, or a moment; 24h when left out
  -h, --help              print this help
`;

const RULES = {
  command: 'support-bundle',
  values: ['--out', '--encrypt-to', '--since'],
  flags: ['--local'],
  maxOperands: 0,
};
const READ_MS = 20_000;
const LEDGER = '/var/lib/regent/agent/ledger.json';
const PATRONI_YML = '/etc/patroni/regent/patroni.yml';
const REGION_PATHS = { cluster: HOST_PATHS['cluster.show'], doctor: HOST_PATHS['cluster.doctor'] };
/** What programs of Regent note of this host. */
const NOTES = [
  '/run/regent-db/role',
  '/var/lib/regent/init.json',
  '/var/lib/regent/join.json',
  '/var/lib/regent/epoch-over.json',
  '/etc/regent/agent.conf',
];

/** What the command line asks for; `since`: ISO 8601. */
interface SupportOptions {
  readonly out: string | null;
  readonly recipients: string | null;
  readonly since: string;
}

/** Reads the command line. `now`: wall time in ms. */
export function parseSupportOptions(argv: readonly string[], now: number): SupportOptions | 'help' | Rejected {
  const given = parseArguments(argv, RULES);
  if (given === 'help' || isRejected(given)) return given;
  const text = given.values.get('--since') ?? '24h';
  const at = momentOf(text, (span) => now - span);
  if (at === null) return usage(RULES, '--since is neither a span such as 2h or 7d nor a moment');
  const out = given.values.get('--out') ?? null;
  return { out, recipients: given.values.get('--encrypt-to') ?? null, since: new Date(at).toISOString() };
}

/** Where the command works. */
interface LocalPorts {
  readonly clock: Clock;
  readonly version: string;
  readonly say: (line: string) => void;
}

/** Gathers this host's bundle and writes it; gives the exit code. */
export async function writeLocalBundle(options: SupportOptions, { clock, version, say }: LocalPorts): Promise<number> {
  const { packBundle, parseRecipients } = await import('../../cli/support/pack.ts');
  const given = options.recipients?.startsWith('@')
    ? await readFile(options.recipients.slice(1), 'utf8')
    : options.recipients;
  const recipients = given === null ? [] : await parseRecipients(given);
  if (typeof recipients === 'string') {
    say(`--encrypt-to: ${recipients}`);
    return 2;
  }
  const { parts, missing } = await gather(options.since, clock);
  const known = await readSecrets();
  const name = hostname();
  const madeAt = new Date(clock.now()).toISOString();
  const notes = ['Only this host is in it.'];
  const subject = { madeAt, since: options.since, version, source: name, nodes: [{ name, why: null }], notes };
  const bundle = supportBundle(subject, parts, { missing, known });
  const { name: usual, content } = await packBundle(bundle, recipients);
  const path = options.out ?? usual;
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    say(`regent support-bundle: ${path} cannot be written: ${sentenceOf(error)}`);
    return 1;
  }
  process.stdout.write(`${bundleLines(path, content.length, bundle).join('\n')}\n`);
  return 0;
}

async function gather(since: string, clock: Clock) {
  const parts: SupportPart[] = [];
  const missing: MissingPart[] = [];
  const take = async (path: string, read: () => Promise<SupportPart | null>) => {
    try {
      const part = await read();
      if (part !== null) parts.push(part);
    } catch (error) {
      missing.push({ path, why: sentenceOf(error) });
    }
  };
  const { ports, close } = await openPorts(clock);
  const services = withInstances(SERVICES, await ownServices());
  const names = [
    ...Object.keys(SUPPORT_FACTS),
    'facts-database',
    ...SUPPORT_PROGRAMS,
    ...services.map((one) => one.name),
  ];
  const address = /^\s*connect_address:\s*'?\[?([0-9a-f.:]+?)\]?:\d+'?\s*$/m.exec(
    (await textOf(PATRONI_YML)) ?? '',
  )?.[1];
  for (const part of names) {
    const path = part.startsWith('facts-') ? `${part.slice('facts-'.length)}.txt` : `log-${part.replace('@', '_')}.txt`;
    await take(path, async () => {
      const question = { part, since, address: address ?? null };
      const { text, cut } = await readSupportPart(ports, question, AbortSignal.timeout(READ_MS));
      return text.trim() === '' ? null : { path, text, cut };
    });
  }
  for (const { name, folder } of services) {
    const path = `files/${name.replace('@', '_')}.txt`;
    await take(path, async () => {
      const text = await folderText(folder);
      return text === '' ? null : { path, text };
    });
  }
  const ask = makeHostQuery(process.getuid?.() ?? -1);
  for (const [name, path] of Object.entries(ask === null ? {} : REGION_PATHS))
    await take(`${name}.json`, async () => {
      const answer = await ask?.(path, HOST_TIMEOUT_MS);
      return { path: `${name}.json`, value: jsonOrNull(answer?.text ?? '') };
    });
  const notes = await Promise.all(
    NOTES.map(async (path) => `== ${path}\n${(await textOf(path)) ?? '(there is none)'}\n`),
  );
  parts.push({ path: 'notes.txt', text: notes.join('\n') });
  close();
  return { parts, missing };
}

/** Questions to this host's daemons, with its certificate. */
async function openPorts(clock: Clock): Promise<{ readonly ports: SupportPorts; readonly close: () => void }> {
  const files = [TRUST_FILES.authority, TRUST_FILES.certificate, TRUST_FILES.key];
  const trust = openTrustStore({ read: () => Promise.all(files.map(({ path }) => textOf(path))), clock });
  await trust.refresh();
  const questions = openQuestions(() => trust.current());
  const ask: SupportPorts['ask'] = (question) => {
    if (!isOpenQuestion(question)) throw new TypeError('a bundle runs no command for this');
    return questions.ask(question);
  };
  return { ports: { services: SERVICES, read: journalReader(), ask }, close: () => questions.close() };
}

/** Identities of this node's services by its ledger, for instances. */
async function ownServices(): Promise<readonly string[]> {
  const text = (await textOf(LEDGER)) ?? '';
  return [...text.matchAll(/"([a-z]+@[a-z0-9_-]+)":/g)].map(([, identity = '']) => identity);
}

/** The files of a service as its daemon reads them; those that hold secrets are named only. */
async function folderText(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const shown = paths.filter((path) => !/\/\.(?:stage|previous|trial)\//.test(path)).sort();
  const texts = shown.map(async (path) =>
    isSecretFile(path) ? `==> ${path} <==\n(it holds secrets)\n` : `==> ${path} <==\n${(await textOf(path)) ?? ''}\n`,
  );
  return (await Promise.all(texts)).join('\n');
}

/** The secrets of this host, by the list of its files. */
async function readSecrets(): Promise<readonly string[]> {
  const found = SECRET_FILES.map(async ({ folder, names, isMixed = false }) => {
    const entries = (await readdir(folder).catch(() => [])).filter((name) => names.test(name));
    const texts = await Promise.all(entries.map((name) => textOf(join(folder, name))));
    return texts.flatMap((text) => (text === null ? [] : secretsIn(text, isMixed)));
  });
  return [...new Set((await Promise.all(found)).flat())];
}

const textOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);
