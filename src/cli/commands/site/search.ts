import type { SearchAnswer } from '../../../contract/search.ts';
import { printerOf } from '../../change.ts';
import type { NounSpec } from '../../command-spec.ts';
import { printList, type Shape } from '../../format/output.ts';
import { integer, need, option } from '../../values.ts';

const SHAPE: Shape<SearchAnswer['items'][number]> = {
  kind: 'hit',
  name: (hit) => hit.ref,
  columns: [
    { header: 'kind', value: (hit) => hit.kind },
    { header: 'name', value: (hit) => hit.name },
    { header: 'what', value: (hit) => hit.detail },
    { header: 'ref', wide: true, value: (hit) => hit.ref },
  ],
};

/** The command `regent search`. */
export const SEARCH: NounSpec = {
  noun: 'search',
  summary: 'find objects of all kinds',
  commands: [
    {
      verb: '',
      summary: 'find machines, names, addresses, networks and nodes by a part of their name, address or MAC',
      args: [{ name: '<text>', help: 'part of a name, an address or a MAC' }],
      options: [{ flags: '--limit <number>', help: 'hits of each kind, at most 50 (default: 5)' }],
      examples: ['regent search 52:54:00', 'regent search www -o json'],
      run: async (call) => {
        const { client } = await call.region();
        const query = { q: need(call, 0), limit: integer(option(call, 'limit') ?? '5', '--limit') };
        await printList(printerOf(call), SHAPE, (await client.call('search.list', { query })).body.items);
      },
    },
  ],
};
