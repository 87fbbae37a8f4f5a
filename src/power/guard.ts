import type { BmcAccess, NoAnswer } from '../host/ask/bmc/interface.ts';
import { closedAddress } from '../model/machines/bmc-hosts.ts';
import type { PowerEffects } from './driver.ts';

/** Why an address gets no request, as the rest of a sentence about it; null: it may. */
export type Judge = (address: string) => string | null;

/** No request goes to the node itself, and none to the addresses of the cluster that a command names. */
export const judgeOf =
  (closed: readonly string[] = []): Judge =>
  (address) =>
    closedAddress(address, closed);

/**
 * The network with closed addresses shut. A name is resolved once; every address that it has is judged, and the connection goes to the judged one: a name
 * that means another address a moment later leads nowhere else.
 */
export function guarded(effects: PowerEffects, judge: Judge): PowerEffects {
  const { reach } = effects;
  const resolve: BmcAccess['resolve'] = async (question) => {
    const found = await reach.resolve(question);
    if ('kind' in found) return found;
    for (const address of found) {
      const why = judge(address);
      if (why !== null) return closed(question.host, address, why);
    }
    return found;
  };
  const at = async (host: string, timeoutMs: number): Promise<string | NoAnswer> => {
    const found = await resolve({ host, timeoutMs });
    if ('kind' in found) return found;
    return preferred(found) ?? closed(host, host, 'has no address');
  };
  return {
    ...effects,
    reach: {
      run: (program) => reach.run(program),
      resolve,
      match: (question) => reach.match(question),
      web: async (request) => {
        const address = await at(new URL(request.url).hostname.replace(/^\[|\]$/g, ''), request.timeoutMs);
        return typeof address === 'string' ? await reach.web({ ...request, address }) : address;
      },
      datagram: async (question) => {
        const host = await at(question.host, question.timeoutMs);
        return typeof host === 'string' ? await reach.datagram({ ...question, host }) : host;
      },
      connect: async (place) => {
        const host = await at(place.host, place.timeoutMs);
        return typeof host === 'string' ? await reach.connect({ ...place, host }) : host;
      },
    },
  };
}

/** IPv4 first: more BMCs have it. */
export function preferred(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => !address.includes(':')) ?? addresses[0];
}

function closed(host: string, address: string, why: string): NoAnswer {
  const subject = host === address ? address : `${host} has the address ${address}, which`;
  return { kind: 'none', why: 'closed', sentence: `${subject} ${why}` };
}
