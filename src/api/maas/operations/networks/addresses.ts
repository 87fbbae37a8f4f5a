import type { Range } from '../../../../contract/networks/range.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, PathValues } from '../../handler.ts';
import type { SiteLists } from '../../site-lists.ts';
import { readNetworks, viewRange, viewReserved } from '../../objects/networks/networks.ts';
import { badValue } from '../base/refusals.ts';
import { meantSubnet } from './subnets.ts';

/** Ranges and reserved addresses. */
export const ADDRESS_HANDLERS: Handlers = {
  'IPRanges.read': async ({ lists }) => {
    const networks = await readNetworks(lists);
    return json((await lists.ranges()).map((range) => viewRange(range, networks)));
  },
  'IPRanges.create': async ({ site, lists, args }) => {
    const kind = kindOf(args);
    const subnet = args.text('subnet');
    const range = await site.call('range.create', {
      body: {
        kind,
        first: args.text('start_ip') ?? '',
        last: args.text('end_ip') ?? '',
        comment: args.text('comment'),
        subnet: subnet ? String((await meantSubnet(lists, subnet)).id) : undefined,
      },
    });
    return json(viewRange(range, await readNetworks(lists)));
  },
  'IPRange.read': async ({ site, lists, path }) =>
    json(viewRange(await site.call('range.show', { params: range(path) }), await readNetworks(lists))),
  'IPRange.update': async ({ site, lists, path, args }) => {
    await checkStays(lists, args, await site.call('range.show', { params: range(path) }));
    const body = {
      kind: args.text('type') ? kindOf(args) : undefined,
      first: args.text('start_ip') || undefined,
      last: args.text('end_ip') || undefined,
      comment: args.text('comment'),
    };
    const changed = await site.call('range.set', { params: range(path), body });
    return json(viewRange(changed, await readNetworks(lists)));
  },
  'IPRange.delete': async ({ site, path }) => {
    await site.call('range.delete', { params: range(path) });
    return nothing();
  },

  'ReservedIps.read': async ({ site, lists }) => {
    const networks = await readNetworks(lists);
    const all = await site.all('reservation.list');
    return json(all.filter(({ mac }) => mac !== null).map((one) => viewReserved(one, networks)));
  },
  'ReservedIps.create': async ({ site, lists, args }) => {
    const subnet = args.text('subnet');
    const made = await site.call('reservation.create', {
      body: {
        address: args.text('ip') ?? '',
        mac: args.text('mac_address') || undefined,
        comment: args.text('comment'),
        subnet: subnet ? String((await meantSubnet(lists, subnet)).id) : undefined,
      },
    });
    return json(viewReserved(made, await readNetworks(lists)));
  },
  'ReservedIp.read': async ({ site, lists, path }) =>
    json(viewReserved(await site.call('reservation.show', { params: reserved(path) }), await readNetworks(lists))),
  'ReservedIp.update': async ({ site, lists, path, args }) => {
    const params = reserved(path);
    const { address } = await site.call('reservation.show', { params });
    const wanted = args.text('ip');
    if (wanted && wanted !== address)
      badValue('ip', 'it cannot be changed', 'a reserved address stays; make a new one');
    const body = { mac: args.clearable('mac_address'), comment: args.text('comment') };
    const changed = await site.call('reservation.set', { params, body });
    return json(viewReserved(changed, await readNetworks(lists)));
  },
  'ReservedIp.delete': async ({ site, path }) => {
    await site.call('reservation.delete', { params: reserved(path) });
    return nothing();
  },
};

function kindOf(args: Args): 'dynamic' | 'reserved' {
  const kind = args.text('type') ?? '';
  return kind === 'dynamic' || kind === 'reserved'
    ? kind
    : badValue('type', `${kind} is no type`, 'dynamic or reserved');
}

const range = (path: PathValues) => ({ range: path['id'] ?? '' });
const reserved = (path: PathValues) => ({ reservation: path['id'] ?? '' });

/** A range stays in its subnet. */
async function checkStays(lists: SiteLists, args: Args, { subnetId }: Range): Promise<void> {
  const subnet = args.text('subnet');
  if (subnet && (await meantSubnet(lists, subnet)).id !== subnetId)
    badValue('subnet', 'it cannot be changed', 'the range stays in its subnet; make a new one');
}
