import { type DnsRecord, RECORD as ENTRY } from '../../../contract/names/record.ts';
import { RECORD_TYPES } from '../../../model/names/record.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printList, printOne } from '../../format/output.ts';
import { collect, need, option } from '../../values.ts';
import { shapeOf, usualCommands } from '../base/usual.ts';

const SHAPE = shapeOf<DnsRecord>(ENTRY);
const ID = [{ flags: '--id <id>', help: 'the record with this id (see -o wide)' }];
const WHICH = [
  { name: '[name]', help: 'full name, such as www.example.test', complete: 'record' },
  { name: '[type]', help: RECORD_TYPES.join(', '), values: RECORD_TYPES },
  { name: '[data]', help: 'needed where several records share name and type' },
] as const;

/** `regent record`. Objects have no name of their own: name, type and data are one together. */
export const RECORD: NounSpec = usualCommands<DnsRecord>(ENTRY, {
  which: { args: WHICH, param: chosen },
  show: { options: ID, run: showRecords },
  set: { options: ID },
  delete: { options: ID },
});

async function showRecords(call: Call): Promise<ExitCode> {
  const { client } = await call.region();
  const id = option(call, 'id');
  if (id !== undefined) {
    await printOne(printerOf(call), SHAPE, (await client.call('record.show', { params: { record: id } })).body);
    return EXIT.ok;
  }
  const [, type, data] = call.args;
  const query = {
    fqdn: need(call, 0),
    ...(type === undefined ? {} : { type }),
    ...(data === undefined ? {} : { data }),
  };
  const rows = await collect(client.all('record.list', { query }));
  if (rows.length === 0) throw notFound(call);
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) await printOne(printerOf(call), SHAPE, only);
  else await printList(printerOf(call), SHAPE, rows);
  return EXIT.ok;
}

/** The record that the arguments name, as the API's path wants it; with a name alone it must be the only one. */
async function chosen(call: Call): Promise<string> {
  const id = option(call, 'id');
  const [name, type, data] = call.args;
  if (id !== undefined) {
    if (name !== undefined) throw usageError('--id and a name exclude each other.');
    return id;
  }
  if (name === undefined) throw usageError('Which record? Give its name, or --id.');
  if (type !== undefined) return [name, type, ...(data === undefined ? [] : [data])].join(',');
  const { client } = await call.region();
  const rows = await collect(client.all('record.list', { query: { fqdn: name } }));
  const [only] = rows;
  if (only === undefined) throw notFound(call);
  if (rows.length === 1) return String(only.id);
  throw new CliError(
    EXIT.conflict,
    `${name} has ${rows.length} records; say which one by TYPE and DATA, or by --id:`,
    rows.map((record) => `--id ${record.id}: ${describeRecord(record)}`),
  );
}

function notFound(call: Call): CliError {
  const what = call.args.filter((arg) => arg !== undefined).join(' ');
  return new CliError(EXIT.notFound, `There is no record ${what}.`, ['The records: regent record list']);
}

function describeRecord(record: DnsRecord): string {
  return `${record.fqdn} ${record.type} ${record.data}`;
}
