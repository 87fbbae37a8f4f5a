import type { Handlers, MaasCall } from '../../handler.ts';
import { readNetworks, viewRange, viewReserved } from '../../objects/networks/networks.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { badValue } from '../base/refusals.ts';
import { meantSubnet } from './subnets.ts';

/** Ranges and reserved addresses. */
export const ADDRESS_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'range',
    all: 'IPRanges',
    one: 'IPRange',
    list: ({ lists }) => lists.ranges(),
    fields: {
      kind: kindOf,
      first: param.filled('start_ip'),
      last: param.filled('end_ip'),
      comment: param.text('comment'),
    },
    create: { subnet: subnetOf },
    // It stays in its subnet.
    check: async (call, { subnetId }) => {
      if (![undefined, String(subnetId)].includes(await subnetOf(call)))
        badValue('subnet', 'it cannot be changed', 'the range stays in its subnet; make a new one');
    },
    view: async ({ lists }) => {
      const networks = await readNetworks(lists);
      return (range) => viewRange(range, networks);
    },
  }),
  ...nounHandlers({
    noun: 'reservation',
    all: 'ReservedIps',
    one: 'ReservedIp',
    list: async ({ site }) => (await site.all('reservation.list')).filter(({ mac }) => mac !== null),
    fields: { comment: param.text('comment') },
    create: { address: param.filled('ip'), mac: param.filled('mac_address'), subnet: subnetOf },
    update: { mac: param.clearable('mac_address') },
    check: ({ args }, { address }) => {
      if (![address, ''].includes(args.text('ip') ?? ''))
        badValue('ip', 'it cannot be changed', 'a reserved address stays; make a new one');
    },
    view: async ({ lists }) => {
      const networks = await readNetworks(lists);
      return (reservation) => viewReserved(reservation, networks);
    },
  }),
};

function kindOf({ args }: MaasCall): 'dynamic' | 'reserved' | undefined {
  const kind = args.text('type') || undefined;
  return kind === 'dynamic' || kind === 'reserved' || kind === undefined
    ? kind
    : badValue('type', `${kind} is no type`, 'dynamic or reserved');
}

async function subnetOf({ lists, args }: MaasCall): Promise<string | undefined> {
  const subnet = args.text('subnet');
  return subnet ? String((await meantSubnet(lists, subnet)).id) : undefined;
}
