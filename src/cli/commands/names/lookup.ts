import { LOOKUP_TYPES, type LookupAnswer, type LookupType } from '../../../contract/site/screens.ts';
import { printerOf } from '../../change.ts';
import type { NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, type Shape } from '../../format/output.ts';
import { need } from '../../values.ts';

const SHAPE: Shape<LookupAnswer> = {
  kind: 'answer',
  name: (row) => row.node,
  columns: [
    { header: 'node', value: (row) => row.node },
    { header: 'code', value: (row) => row.code },
    { header: 'answer', value: (row) => row.answers.join(', ') },
    { header: 'ms', value: (row) => String(row.ms) },
    { header: 'serial', wide: true, value: (row) => (row.serial === null ? '' : String(row.serial)) },
    { header: 'address', wide: true, value: (row) => row.address },
  ],
};

const isType = (text: string): text is LookupType => LOOKUP_TYPES.some((type) => type === text);

/** `regent lookup`. */
export const LOOKUP: NounSpec = {
  noun: 'lookup',
  summary: 'ask every node that serves DNS for a name',
  commands: [
    {
      verb: '',
      summary:
        'query every node that serves DNS for a name, as any client would; SOA shows the serial number of each node',
      args: [
        { name: '<name>', help: 'full name; with PTR also an address' },
        { name: '[type]', help: `one of ${LOOKUP_TYPES.join(', ')}; A when left out` },
      ],
      examples: ['regent lookup www.example.test', 'regent lookup example.test SOA', 'regent lookup 10.10.10.20 PTR'],
      run: async (call) => {
        const type = (call.args[1] ?? 'A').toUpperCase();
        if (!isType(type))
          throw usageError(`${type} is not a type that can be queried. Rule: one of ${LOOKUP_TYPES.join(', ')}.`);
        const { client } = await call.region();
        const { body } = await client.call('dns.lookup', { query: { name: need(call, 0), type } });
        await printList(printerOf(call), SHAPE, body.items);
      },
    },
  ],
};
