import type { DnsRecord } from '../../../contract/names/record.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet, option, text, ttlOf } from '../../values.ts';

const SHAPE: Shape<DnsRecord> = {
  kind: 'record',
  name: (record) => `${record.fqdn},${record.type},${record.data}`,
  columns: [
    { header: 'name', value: (record) => record.fqdn },
    { header: 'type', value: (record) => record.type },
    { header: 'data', value: (record) => record.data },
    { header: 'ttl', value: (record) => (record.ttl === null ? 'default' : String(record.ttl)) },
    { header: 'domain', wide: true, value: (record) => record.domain },
    { header: 'id', wide: true, value: (record) => String(record.id) },
  ],
};

const TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'SRV', 'SSHFP', 'TXT'] as const;
const TTL = { flags: '--ttl <seconds>', help: 'how long answers may be cached; "default" for the domain\'s' };
const ID = { flags: '--id <id>', help: 'the record with this id (see -o wide)' };
const WHICH = [
  { name: '[name]', help: 'full name, such as www.example.test', complete: 'record' },
  { name: '[type]', help: TYPES.join(', '), values: TYPES },
  { name: '[data]', help: 'needed where several records share name and type' },
] as const;

/** `regent record`. */
export const RECORD: NounSpec = {
  noun: 'record',
  summary: 'DNS records (A, AAAA, CNAME, MX, NS, SRV, SSHFP, TXT; PTR follows from addresses)',
  commands: [
    {
      verb: 'list',
      summary: 'list records',
      options: [
        { flags: '--domain <name>', help: 'only those of this domain' },
        { flags: '--type <type>', help: 'only those of this type', values: TYPES },
        { flags: '--name <fqdn>', help: 'only those of this full name' },
      ],
      run: async (call) => {
        const { client } = await call.region();
        const name = option(call, 'name');
        const query = { ...text(call, 'domain'), ...text(call, 'type'), ...(name === undefined ? {} : { fqdn: name }) };
        await printList(printerOf(call), SHAPE, await collect(client.all('record.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show the records of a name',
      args: WHICH,
      options: [ID],
      run: showRecords,
    },
    {
      verb: 'create',
      summary: 'create a record; the longest domain that holds the name owns it',
      args: [
        { name: '<name>', help: 'full name, such as www.example.test' },
        { name: '<type>', help: TYPES.join(', '), values: TYPES },
        { name: '<data>', help: 'an address, a name, a text, or several parts in quotes' },
      ],
      options: [TTL],
      isChange: true,
      examples: [
        'regent record create www.example.test A 10.10.10.20 --dry-run',
        'regent record create www.example.test A 10.10.10.20 --ttl 300 --wait',
        "regent record create example.test TXT 'v=spf1 -all'",
        `regent record create k1._domainkey.example.test TXT '"v=DKIM1; k=rsa; " "p=MIGf..."'`,
        "regent record create example.test MX '10 mail.example.test'",
        "regent record create _sip._tcp.example.test SRV '0 5 5060 sip.example.test'",
      ],
      run: (call) =>
        runChange(call, {
          route: 'record.create',
          input: { body: { fqdn: need(call, 0), type: need(call, 1), data: need(call, 2), ...ttlOf(call) } },
          shape: SHAPE,
          done: 'created',
          describe: (record) => `record ${describeRecord(record)} created`,
        }),
    },
    {
      verb: 'set',
      summary: "change a record's data or TTL",
      args: WHICH,
      options: [{ flags: '--data <data>', help: 'new data' }, TTL, ID],
      isChange: true,
      examples: ['regent record set www.example.test A --data 10.10.10.21', 'regent record set --id 12 --ttl default'],
      run: async (call) => {
        const body = { ...text(call, 'data'), ...ttlOf(call) };
        nothingToSet(body, '--data or --ttl');
        return runChange(call, {
          route: 'record.set',
          input: { params: { record: await chosen(call) }, body },
          shape: SHAPE,
          done: 'changed',
          describe: (record) => `record ${describeRecord(record)} changed`,
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a record',
      args: WHICH,
      options: [ID],
      isChange: true,
      examples: ['regent record delete www.example.test', 'regent record delete www.example.test A 10.10.10.20'],
      run: async (call) =>
        runChange(call, {
          route: 'record.delete',
          input: { params: { record: await chosen(call) } },
          shape: SHAPE,
          done: 'deleted',
          describe: (record) => `record ${describeRecord(record)} deleted`,
        }),
    },
  ],
};

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
