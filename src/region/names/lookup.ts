import type { Lookup, LookupAnswer, LookupType } from '../../contract/site/screens.ts';
import { accept, isRejected } from '../../core/errors.ts';
import { parseAddress } from '../../core/ip.ts';
import { parseOwnerName } from '../../model/names/names.ts';
import { readSeenNodes } from '../base/seen.ts';
import { trackServices } from '../base/tracking.ts';
import { autocommitReading } from '../base/use-case.ts';

const DNS = 'dns';
/** At most so many servers are queried; the list of services has all of a larger site. */
const SERVERS_MOST = 64;

/** The test of a name: this region queries every node that is to serve DNS, as any client would. */
export const lookupCases = {
  'dns.lookup': autocommitReading('dns.lookup', async (tx, { query }, context) => {
    const type = query?.type ?? 'A';
    const name = nameOf(query?.name ?? '', type);
    const seen = await readSeenNodes(tx, context);
    const servers = trackServices(seen, [DNS], context.clock.now())
      .filter((row) => row.service === DNS && row.isWanted)
      .flatMap((row) => {
        const address = seen.find((node) => node.name === row.node)?.row.addresses[0];
        return address === undefined ? [] : [{ node: row.node, address }];
      })
      .slice(0, SERVERS_MOST);
    const items = await Promise.all(
      servers.map(async (server): Promise<LookupAnswer> => {
        const since = context.clock.now();
        const answer = await context.askName(server.address, name, type);
        return { ...server, ...answer, ms: Math.max(0, Math.round(context.clock.now() - since)) };
      }),
    );
    return { body: { name, type, agree: doAgree(items), items } satisfies Lookup };
  }),
};

/** Who did not answer does not disagree. */
function doAgree(items: readonly LookupAnswer[]): boolean {
  const answered = items.filter(({ code }) => code === 'NOERROR' || code === 'NXDOMAIN' || code === 'NODATA');
  return new Set(answered.map(({ code, answers }) => JSON.stringify([code, answers]))).size <= 1;
}

function nameOf(text: string, type: LookupType) {
  if (type === 'PTR' && !isRejected(parseAddress(text, 'name'))) return text;
  return accept(parseOwnerName(text, 'name'));
}
