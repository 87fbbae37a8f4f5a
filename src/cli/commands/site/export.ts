import type { SiteFile } from '../../../contract/site/export-form.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { printable } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { siteFileText } from '../../format/site-file.ts';
import { options } from '../../values.ts';
import { FILE_PATIENCE } from './apply.ts';

/** `regent export`. */
export const EXPORT: NounSpec = {
  noun: 'export',
  summary: 'print the configuration of the site as a file, without any secret',
  commands: [
    {
      verb: '',
      summary:
        'print the configuration of the site as a file (YAML); names instead of ids, in a stable order, no secrets',
      options: [
        {
          flags: '--kind <kind>',
          help: 'only objects of this kind, such as machine; may be repeated; all kinds when left out',
          repeat: true,
        },
      ],
      examples: ['regent export > site.yaml', 'regent export --kind vlan --kind subnet'],
      run: exportSite,
    },
  ],
};

async function exportSite(call: Call): Promise<void> {
  const kinds = options(call, 'kind');
  const { client } = await call.region(FILE_PATIENCE);
  const query = kinds.length === 0 ? {} : { kinds: kinds.join(',') };
  const { body } = await client.call('config.export', { query });
  const printer = printerOf(call);
  if (printer.format !== 'json' || !(await printData(printer, body.site)))
    call.io.out.write(siteFileText(body.site as SiteFile));
  for (const { kind, why } of body.leftOut)
    call.io.err.write(`regent: ${printable(kind)} is not in it: ${printable(why)}\n`);
}
