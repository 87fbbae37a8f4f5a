import type { SiteCertificate } from '../../../contract/cluster/trust.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printOne, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { option } from '../../values.ts';

const SHAPE: Shape<SiteCertificate> = {
  kind: 'site certificate',
  name: (certificate) => certificate.fingerprint,
  columns: [
    { header: 'of', value: (row) => (row.isOwn ? 'an operator' : "the cluster's authority") },
    { header: 'subject', value: (row) => row.subject },
    { header: 'issuer', value: (row) => row.issuer },
    { header: 'names', value: (row) => row.names.join(', ') },
    { header: 'from', wide: true, value: (row) => stamp(row.notBefore) },
    { header: 'until', value: (row) => stamp(row.notAfter) },
    { header: 'serial', wide: true, value: (row) => row.serial },
    { header: 'fingerprint', value: (row) => row.fingerprint },
    { header: 'warnings', value: (row) => row.warnings.join(' ') },
  ],
};

/** `regent site-certificate`. */
export const SITE_CERTIFICATE: NounSpec = {
  noun: 'site-certificate',
  summary: 'the certificate that browsers see at port 5443, the same on all region nodes',
  commands: [
    {
      verb: 'show',
      summary: 'show whose it is, its names and its end',
      examples: ['regent site-certificate show -o json'],
      run: async (call) => {
        const { client } = await call.region();
        await printOne(printerOf(call), SHAPE, (await client.call('site-certificate.show', {})).body);
      },
    },
    {
      verb: 'set',
      summary: 'show your own certificate instead of the certificate of the cluster',
      options: [
        { flags: '--cert <file>', help: 'the certificate and those between it and its root, PEM, in any order' },
        { flags: '--key <file>', help: 'its private key, PEM, not encrypted; - for standard input' },
        {
          flags: '--chain <file>',
          help: 'the certificates between it and its root, where they have a file of their own',
        },
      ],
      isChange: true,
      examples: [
        'regent site-certificate set --cert fullchain.pem --key privkey.pem --dry-run',
        'regent site-certificate set --cert regent.crt --chain authority.crt --key regent.key --wait',
      ],
      run: async (call) =>
        await runChange(call, {
          route: 'site-certificate.set',
          input: { body: { certificate: await certificateOf(call), privateKey: await textOf(call, 'key') } },
          shape: SHAPE,
          done: 'set',
          describe: describeCertificate,
        }),
    },
    {
      verb: 'unset',
      summary: "show the certificate of the cluster's authority again",
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'site-certificate.unset',
          input: {},
          shape: SHAPE,
          done: 'in force',
          describe: describeCertificate,
        }),
    },
  ],
};

function describeCertificate(row: SiteCertificate): string {
  const whose = row.isOwn ? 'an own certificate' : "the certificate of the cluster's authority";
  return [
    `All region nodes show ${whose} within seconds: ${row.subject}, until ${stamp(row.notAfter)}`,
    ...row.warnings.map((warning) => `warning: ${warning}`),
  ].join('\n');
}

async function certificateOf(call: Call): Promise<string> {
  const own = await textOf(call, 'cert');
  return option(call, 'chain') === undefined ? own : `${own.trimEnd()}\n${await textOf(call, 'chain')}`;
}

/** The text of a file that an option names. */
async function textOf(call: Call, name: string): Promise<string> {
  const path = option(call, name);
  if (path === undefined) throw usageError(`--${name} FILE is missing.`);
  const text =
    path === '-' ? await call.io.readInput() : await call.io.readFile(path.replace(/^~(?=\/)/, call.io.home ?? '~'));
  if (text === null) throw usageError(`There is no file "${path}".`);
  // As Windows ends lines.
  return text.replaceAll('\r\n', '\n');
}
