import type { Vlan } from '../../../../contract/networks/vlan.ts';
import { json, nothing } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { NO_SPACE, readNetworks, viewFabric, viewSpace } from '../../objects/networks/networks.ts';
import { createSiteLists } from '../../site-lists.ts';
import { step } from '../../site.ts';
import { annotateSteps } from '../base/annotated.ts';
import { bodyOf, nounHandlers, param } from '../base/nouns.ts';
import { meant } from './meant.ts';
import { checkFabric, fabricRef, spaceOf, VLAN_FIELDS, vlanOfId, vlanRef, wantsMore } from './vlans.ts';

/** Fabrics, their VLANs, and spaces. */
export const NETWORK_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'fabric',
    all: 'Fabrics',
    one: 'Fabric',
    annotated: ['fabric', 'name'],
    list: ({ lists }) => lists.fabrics(),
    ref: ({ lists, path }) => fabricRef(lists, path['id']),
    create: { name: async ({ lists, args }) => args.text('name') || (await freshName(lists)) },
    update: { name: param.filled('name') },
    view: async ({ lists }) => {
      const networks = await readNetworks(lists);
      return (fabric) => viewFabric(fabric, networks);
    },
  }),
  // MAAS's number of the first fabric is not enough.
  'Fabric.delete': async ({ site, lists, path }) => {
    await site.call('fabric.delete', { params: { fabric: String(await meant(lists, 'fabric', path['id'] ?? '')) } });
    return nothing();
  },

  ...nounHandlers({
    noun: 'vlan',
    all: 'Vlans',
    one: 'Vlan',
    annotated: ['vlan', 'name'],
    list: async (call) => {
      const { id } = await fabricOfPath(call);
      return (await call.lists.vlans()).filter(({ fabricId }) => fabricId === id);
    },
    ref: ({ lists, path }) => vlanRef(lists, path),
    update: {
      ...VLAN_FIELDS,
      name: param.filled('name'),
      vid: param.number('vid'),
      mtu: param.number('mtu'),
      space: spaceOf,
    },
    check: checkFabric,
    view: viewer,
  }),
  'Vlans.create': async (call) => {
    const { site, args } = call;
    const vid = args.number('vid') ?? 0;
    const fabric = await fabricOfPath(call);
    const body = {
      vid,
      fabric: String(fabric.id),
      name: args.text('name') || undefined,
      space: (await spaceOf(call)) ?? undefined,
      mtu: args.number('mtu'),
    };
    const params = { vlan: `${fabric.id}/${vid}` };
    const steps = [step('vlan.create', { body })];
    // A new VLAN has no DHCP, relay or racks; the second step gives it what it is to have, in the same transaction.
    if (wantsMore(args)) steps.push(step('vlan.set', { params, body: await bodyOf(call, VLAN_FIELDS) }));
    const [made] = await site.together([...steps, ...annotateSteps('vlan', params.vlan, args)]);
    return json((await viewer({ lists: createSiteLists(site) }))(made as Vlan));
  },

  ...nounHandlers({
    noun: 'space',
    all: 'Spaces',
    one: 'Space',
    annotated: ['space', 'name'],
    ref: spaceRef,
    fields: { name: param.filled('name') },
    view: async ({ lists }) => {
      const networks = await readNetworks(lists);
      return (space) => viewSpace(space, networks);
    },
  }),
  'Spaces.read': async ({ lists }) => {
    const networks = await readNetworks(lists);
    return json([null, ...(await lists.spaces())].map((space) => viewSpace(space, networks)));
  },
  'Space.read': async (call) => {
    const { site, lists, path } = call;
    const text = (path['id'] ?? '').replace(/^name:/, '');
    const isNone = text === String(NO_SPACE.id) || text === NO_SPACE.name;
    const space = isNone ? null : await site.call('space.show', { params: { space: await spaceRef(call) } });
    return json(viewSpace(space, await readNetworks(lists)));
  },
  // As in MAAS, its VLANs are in no space then.
  'Space.delete': async (call) => {
    const { site, lists } = call;
    const params = { space: await spaceRef(call) };
    const { id } = await site.call('space.show', { params });
    const inside = (await lists.vlans()).filter(({ spaceId }) => spaceId === id);
    const body = { space: null };
    const steps = inside.map((vlan) => step('vlan.set', { params: { vlan: vlanOfId(vlan.id) }, body }));
    await site.together([...steps, step('space.delete', { params })]);
    return nothing();
  },
};

async function spaceRef({ lists, path }: MaasCall): Promise<string> {
  return String(await meant(lists, 'space', path['id'] ?? ''));
}

async function fabricOfPath({ site, lists, path }: MaasCall) {
  return site.call('fabric.show', { params: { fabric: await fabricRef(lists, path['fabric_id']) } });
}

async function viewer({ lists }: Pick<MaasCall, 'lists'>) {
  const { vlan } = await readNetworks(lists);
  return ({ id }: Pick<Vlan, 'id'>) => vlan(id);
}

/** `fabric-N`, as MAAS calls those without a name. */
async function freshName(lists: MaasCall['lists']): Promise<string> {
  const names = new Set((await lists.fabrics()).map(({ name }) => name));
  let number = names.size;
  while (names.has(`fabric-${number}`)) number += 1;
  return `fabric-${number}`;
}
