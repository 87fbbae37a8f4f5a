import type { Vlan } from '../../../../contract/networks/vlan.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { NO_SPACE, readNetworks, viewFabric, viewSpace } from '../../objects/networks/networks.ts';
import { createSiteLists, type SiteLists } from '../../site-lists.ts';
import { step } from '../../site.ts';
import { meant } from './meant.ts';
import { annotateSteps } from '../base/annotated.ts';
import { checkFabric, fabricRef, readVlanSet, showVlan, spaceOf, vlanOfId, vlanRef, wantsMore } from './vlans.ts';

/** Fabrics, their VLANs, and spaces. */
export const NETWORK_HANDLERS: Handlers = {
  'Fabrics.read': async ({ lists }) => {
    const networks = await readNetworks(lists);
    return json((await lists.fabrics()).map((fabric) => viewFabric(fabric, networks)));
  },
  'Fabrics.create': async ({ site, args, lists }) => {
    const name = args.text('name') || (await freshName(lists));
    const steps = [step('fabric.create', { body: { name } }), ...annotateSteps('fabric', name, args)];
    const [made] = await site.together(steps);
    return json(viewFabric(made as Fabric, await readNetworks(lists)));
  },
  'Fabric.read': async ({ site, path, lists }) => {
    const params = { fabric: await fabricRef(lists, path['id']) };
    return json(viewFabric(await site.call('fabric.show', { params }), await readNetworks(lists)));
  },
  'Fabric.update': async ({ site, path, args, lists }) => {
    const params = { fabric: await fabricRef(lists, path['id']) };
    await site.call('fabric.show', { params });
    const body = { name: args.text('name') || undefined };
    const steps = [...annotateSteps('fabric', params.fabric, args), step('fabric.set', { params, body })];
    return json(viewFabric((await site.together(steps)).at(-1) as Fabric, await readNetworks(createSiteLists(site))));
  },
  // MAAS's number of the first fabric is not enough.
  'Fabric.delete': async ({ site, lists, path }) => {
    await site.call('fabric.delete', { params: { fabric: String(await meant(lists, 'fabric', path['id'] ?? '')) } });
    return nothing();
  },

  'Vlans.read': async ({ site, path, lists }) => {
    const { id } = await site.call('fabric.show', { params: { fabric: await fabricRef(lists, path['fabric_id']) } });
    const { vlans, vlan } = await readNetworks(lists);
    return json(vlans.filter(({ fabricId }) => fabricId === id).map((one) => vlan(one.id)));
  },
  'Vlans.create': async ({ site, lists, path, args }) => {
    const vid = args.number('vid') ?? 0;
    const fabric = await site.call('fabric.show', { params: { fabric: await fabricRef(lists, path['fabric_id']) } });
    const space = (await spaceOf(lists, args)) ?? undefined;
    const body = {
      vid,
      fabric: String(fabric.id),
      name: args.text('name') || undefined,
      space,
      mtu: args.number('mtu'),
    };
    const params = { vlan: `${fabric.id}/${vid}` };
    const steps = [step('vlan.create', { body })];
    // A new VLAN has no DHCP, relay or racks; the second step gives it what it is to have, in the same transaction.
    if (wantsMore(args)) steps.push(step('vlan.set', { params, body: await readVlanSet(lists, args) }));
    steps.push(...annotateSteps('vlan', params.vlan, args));
    const [made] = await site.together(steps);
    return showVlan(createSiteLists(site), (made as Vlan).id);
  },
  'Vlan.read': async ({ site, lists, path }) => {
    const { id } = await site.call('vlan.show', { params: { vlan: await vlanRef(lists, path) } });
    return showVlan(lists, id);
  },
  'Vlan.update': async ({ site, lists, path, args }) => {
    const vlan = await vlanRef(lists, path);
    await checkFabric(lists, vlan, args);
    const body = { ...(await readVlanSet(lists, args)), ...given(args), space: await spaceOf(lists, args) };
    const steps = [...annotateSteps('vlan', vlan, args), step('vlan.set', { params: { vlan }, body })];
    const { id } = (await site.together(steps)).at(-1) as Vlan;
    return showVlan(createSiteLists(site), id);
  },
  'Vlan.delete': async ({ site, lists, path }) => {
    await site.call('vlan.delete', { params: { vlan: await vlanRef(lists, path) } });
    return nothing();
  },

  'Spaces.read': async ({ lists }) => {
    const networks = await readNetworks(lists);
    const spaces = (await lists.spaces()).map((space) => viewSpace(space, networks));
    return json([viewSpace(null, networks), ...spaces]);
  },
  'Spaces.create': async ({ site, args, lists }) => {
    const name = args.text('name') ?? '';
    const steps = [step('space.create', { body: { name } }), ...annotateSteps('space', name, args)];
    const [made] = await site.together(steps);
    return json(viewSpace(made as Space, await readNetworks(lists)));
  },
  'Space.read': async ({ site, path, lists }) => {
    const text = (path['id'] ?? '').replace(/^name:/, '');
    const isNone = text === String(NO_SPACE.id) || text === NO_SPACE.name;
    const space = isNone ? null : await site.call('space.show', { params: await spaceRef(lists, path) });
    return json(viewSpace(space, await readNetworks(lists)));
  },
  'Space.update': async ({ site, path, args, lists }) => {
    const params = await spaceRef(lists, path);
    await site.call('space.show', { params });
    const body = { name: args.text('name') || undefined };
    const steps = [...annotateSteps('space', params.space, args), step('space.set', { params, body })];
    return json(viewSpace((await site.together(steps)).at(-1) as Space, await readNetworks(createSiteLists(site))));
  },
  // As in MAAS, its VLANs are in no space then.
  'Space.delete': async ({ site, path, lists }) => {
    const params = await spaceRef(lists, path);
    const { id } = await site.call('space.show', { params });
    const inside = (await lists.vlans()).filter(({ spaceId }) => spaceId === id);
    const body = { space: null };
    const steps = inside.map((vlan) => step('vlan.set', { params: { vlan: vlanOfId(vlan.id) }, body }));
    await site.together([...steps, step('space.delete', { params })]);
    return nothing();
  },
};

async function spaceRef(lists: SiteLists, path: MaasCall['path']) {
  return { space: String(await meant(lists, 'space', path['id'] ?? '')) };
}

type Fabric = RouteOutput<'fabric.show'>;
type Space = RouteOutput<'space.show'>;

/** `fabric-N`, as MAAS calls those without a name. */
async function freshName(lists: MaasCall['lists']): Promise<string> {
  const names = new Set((await lists.fabrics()).map(({ name }) => name));
  let number = names.size;
  while (names.has(`fabric-${number}`)) number += 1;
  return `fabric-${number}`;
}

function given(args: Args) {
  return { name: args.text('name') || undefined, vid: args.number('vid'), mtu: args.number('mtu') };
}
