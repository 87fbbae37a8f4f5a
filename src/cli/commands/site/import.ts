import { FILES_MOST } from '../../../contract/site/export-form.ts';
import { formatCount } from '../../../core/count-text.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { siteFileText } from '../../format/site-file.ts';
import { need, option } from '../../values.ts';

/** How files refer to secrets of BMCs. */
const SECRET_MODES = ['file', 'env', 'store', 'leave-out'] as const;
type SecretMode = (typeof SECRET_MODES)[number];

const FOLDER = 'maas-import';

/** `regent import`. */
export const IMPORT: NounSpec = {
  noun: 'import',
  summary: 'read a MAAS, and write its configuration as files for regent apply',
  commands: [
    {
      verb: 'maas',
      summary: 'read a MAAS 3.4 to 3.7 and write site.yaml and a report; nothing is changed, there or here',
      args: [{ name: '<url>', help: 'address of MAAS, such as http://maas.example.net:5240' }],
      options: [
        { flags: '--key-file <file>', help: 'file with the API key of an admin of MAAS (CONSUMER:TOKEN:SECRET)' },
        {
          flags: '--folder <folder>',
          help: `where the files go; ${FOLDER} when left out; an interrupted run continues there`,
        },
        { flags: '--ca-file <file>', help: 'authority (PEM) of the certificate of MAAS, besides those of this system' },
        {
          flags: '--secrets <mode>',
          help: 'secrets of BMCs: references to files (file) or to the environment (env); store: also their files, in clear; leave-out',
          values: SECRET_MODES,
        },
      ],
      examples: [
        'regent import maas http://maas.example.net:5240 --key-file maas.key',
        'regent import maas https://maas.example.net:5443 --key-file maas.key --ca-file maas-ca.pem --secrets store',
      ],
      run: importMaas,
    },
  ],
};

async function importMaas(call: Call): Promise<void> {
  const { io } = call;
  const url = addressOf(need(call, 0));
  const folder = (option(call, 'folder') ?? FOLDER).replace(/\/+$/, '');
  const mode = (option(call, 'secrets') ?? 'file') as SecretMode;
  const key = await readKey(call);
  // Only this command loads what it needs.
  const { maasSender, openMaas } = await import('../../import/maas-client.ts');
  const { readMaas } = await import('../../import/maas-read.ts');
  const { convertSite } = await import('../../import/convert.ts');
  const { reportText } = await import('../../import/report.ts');
  const again = `What was read is in ${folder}. Run the same command again: it continues there.`;
  const maas = openMaas(io, { url, key, again, send: maasSender(await readAuthority(call)) });
  const values = new Map<string, string>();
  const progress = (text: string) => void (io.err.isTerminal && io.err.write(`regent: ${printable(text)}\n`));
  const read = await readMaas(maas, { io, folder, url, progress }, (systemId, name, value) => {
    if (mode === 'store') values.set(`${systemId} ${name}`, value);
  });
  const secretOf = (bmc: string, name: string) => referenceOf(mode, bmc, name);
  const madeAt = new Date(io.now()).toISOString();
  const { site, secrets, report } = convertSite(read, { source: url, madeAt, secretOf });
  for (const [reference, { systemId, name }] of mode === 'store' ? secrets : [])
    await io.replaceFile(
      `${folder}/${reference.slice('file:'.length)}`,
      `${values.get(`${systemId} ${name}`) ?? ''}\n`,
    );
  const text = siteFileText(site);
  await io.replaceFile(`${folder}/site.yaml`, text);
  await io.replaceFile(`${folder}/report.json`, `${JSON.stringify(report, null, 1)}\n`);
  await io.replaceFile(`${folder}/report.md`, reportText(report));
  const left = report.entries.filter(({ outcome }) => outcome === 'left-out').length;
  const lines = [
    `${folder}/site.yaml: ${formatCount(
      Object.values(report.taken).reduce((sum, count) => sum + count, 0),
      'object',
    )}.`,
    `${folder}/report.md: ${formatCount(left, 'object')} left out, ${formatCount(report.entries.length - left, 'difference')}.`,
    `Next: read the report, then: regent diff -f ${folder}/site.yaml`,
  ];
  io.out.write(`${lines.map(printable).join('\n')}\n`);
  if (Buffer.byteLength(text) > FILES_MOST)
    io.err.write('regent: site.yaml is larger than an apply takes (16 MiB): apply it in parts, machines last.\n');
}

/** The address, without what stands behind it by habit. */
function addressOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw usageError(`${text}: it is no address. Rule: http://HOST:5240 or https://HOST:5443.`);
  if (url.username !== '' || url.password !== '')
    throw usageError('The address holds a password. Rule: the key stands in --key-file.');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

async function readKey({ io, options }: Call): Promise<string> {
  const path = options['keyFile'];
  if (typeof path !== 'string') throw usageError('--key-file is missing. Rule: a file with CONSUMER:TOKEN:SECRET.');
  const text = (await io.readFile(path))?.trim() ?? null;
  if (text === null) throw usageError(`--key-file: there is no file ${path}.`);
  if (!/^[\x21-\x39\x3b-\x7e]+(?::[\x21-\x39\x3b-\x7e]+){2}$/.test(text))
    throw new CliError(EXIT.usage, `${path} holds no key. Rule: one line CONSUMER:TOKEN:SECRET.`);
  return text;
}

/** An authority besides those that are known; null: none was given. */
async function readAuthority(call: Call): Promise<string | null> {
  const path = option(call, 'caFile');
  if (path === undefined) return null;
  const text = await call.io.readFile(path);
  if (text === null) throw usageError(`--ca-file: there is no file ${path}.`);
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw usageError(`--ca-file: ${path} holds no certificate (PEM).`);
  return text;
}

/** How the file of a site refers to a secret of a BMC; null: not at all. */
function referenceOf(mode: SecretMode, bmc: string, name: string): string | null {
  if (mode === 'leave-out') return null;
  if (mode === 'env') return `env:${`${bmc}_${name}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`;
  return `file:secrets/${bmc}.${name}`;
}
