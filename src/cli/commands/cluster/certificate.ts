import type { Certificate } from '../../../contract/cluster/trust.ts';
import { printerOf, runChange } from '../../change.ts';
import type { NounSpec } from '../../command-spec.ts';
import { printable } from '../../format/escape.ts';
import { printList, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { siteText } from './status.ts';
import { collect, need, option, text } from '../../values.ts';

const SHAPE: Shape<Certificate> = {
  kind: 'certificate',
  name: (certificate) => certificate.serial,
  columns: [
    { header: 'serial', value: (certificate) => certificate.serial },
    { header: 'node', value: (certificate) => certificate.node ?? `(gone) ${certificate.nodeId}` },
    { header: 'state', value: (certificate) => certificate.state },
    { header: 'from', wide: true, value: (certificate) => stamp(certificate.notBefore) },
    { header: 'until', value: (certificate) => stamp(certificate.notAfter) },
    { header: 'revoked', value: (certificate) => (certificate.revokedAt ? stamp(certificate.revokedAt) : '') },
    { header: 'why', value: (certificate) => certificate.revokedWhy ?? '' },
  ],
};

/** `regent certificate`. */
export const CERTIFICATE: NounSpec = {
  noun: 'certificate',
  summary: 'certificates of nodes, by which they know each other',
  commands: [
    {
      verb: 'list',
      summary: 'list certificates in force or of the last days, the newest first, and whose browsers see',
      options: [
        { flags: '--node <node>', help: 'only those of this node, by name or id' },
        { flags: '--state <state>', help: 'only those', values: ['good', 'expired', 'revoked'] },
      ],
      examples: ['regent certificate list --node r2 --state good'],
      run: async (call) => {
        const { client } = await call.region();
        const query = { ...text(call, 'node'), ...(text(call, 'state') as { state?: Certificate['state'] }) };
        const printer = printerOf(call);
        await printList(printer, SHAPE, await collect(client.all('certificate.list', { query })));
        const isWhole = option(call, 'node') === undefined && option(call, 'state') === undefined;
        if (!isWhole || (printer.format !== 'table' && printer.format !== 'wide')) return;
        const site = siteText((await client.call('cluster.show', {})).body);
        if (site !== '') call.io.out.write(`\n${printable(`Site: ${site}`)}\n`);
      },
    },
    {
      verb: 'revoke',
      summary: 'revoke a certificate; no region takes it from then on',
      args: [{ name: '<serial>', help: 'its serial number: regent certificate list' }],
      options: [{ flags: '--why <text>', help: 'a reason, for later readers' }],
      isChange: true,
      examples: ["regent certificate revoke 4f0c…a1 --why 'host was stolen'"],
      run: (call) => {
        const why = option(call, 'why');
        return runChange(call, {
          route: 'certificate.revoke',
          input: { params: { certificate: need(call, 0) }, body: why === undefined ? {} : { why } },
          shape: SHAPE,
          done: 'revoked',
          next: { not_found: ['regent certificate list'] },
          describe: (row) =>
            `certificate ${row.serial} of ${row.node ?? row.nodeId} is revoked\nIf its host is to come back, it joins again: regent token create`,
        });
      },
    },
  ],
};
