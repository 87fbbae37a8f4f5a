import { type Answer, json } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Look } from '../../look.ts';
import { NO_SPACE, readNetworks } from '../../objects/networks.ts';
import { fabricRef } from '../defaults.ts';
import { badValue, notFound } from '../refusals.ts';

type Path = Readonly<Record<string, string>>;

/** What API v1 calls a VLAN by its id. */
export const vlanOfId = (id: number) => `id:${id}`;

/** The VLAN that a path names: by its id, or by its fabric and its number. */
export async function vlanRef(look: Look, path: Path): Promise<string> {
  const vlans = await look.vlans();
  const id = path['vlan_id'];
  const named = await fabricRef(look, path['fabric_id']);
  const found =
    id !== undefined
      ? vlans.find((vlan) => String(vlan.id) === id)
      : vlans.find(
          ({ fabric, fabricId, vid }) =>
            (String(fabricId) === named || fabric === named) &&
            (String(vid) === path['vid'] || (vid === 0 && path['vid'] === 'untagged')),
        );
  return found ? vlanOfId(found.id) : notFound('VLAN', id ?? path['vid']);
}

export async function showVlan(look: Look, id: number): Promise<Answer> {
  return json((await readNetworks(look)).vlan(id));
}

/** What a call says of DHCP, relay and racks of a VLAN: what is not given stays. */
export async function readVlanSet(look: Look, args: Args) {
  return {
    dhcpOn: args.flag('dhcp_on'),
    relayVlan: await relayOf(look, args),
    primaryRack: await rackOf(look, args, 'primary_rack'),
    secondaryRack: await rackOf(look, args, 'secondary_rack'),
  };
}

/** A VLAN stays in its fabric: what stands on it would be somewhere else. */
export async function checkFabric(look: Look, ref: string, args: Args): Promise<void> {
  const text = args.text('fabric');
  if (!text) return;
  const vlan = (await look.vlans()).find(({ id }) => vlanOfId(id) === ref);
  const wanted = await fabricRef(look, text);
  if (String(vlan?.fabricId) !== wanted && vlan?.fabric !== wanted)
    badValue('fabric', `the VLAN stays in ${vlan?.fabric}`, 'make a VLAN in the other fabric');
}

/** Does a new VLAN need more than what `create` takes? */
export function wantsMore(args: Args): boolean {
  return ['dhcp_on', 'relay_vlan', 'primary_rack', 'secondary_rack'].some((name) => args.text(name));
}

/** The space that is meant; null: none. */
export async function spaceOf(look: Look, args: Args): Promise<string | null | undefined> {
  const text = args.clearable('space');
  if (!text || text === NO_SPACE.name || text === String(NO_SPACE.id)) return text && null;
  const space = (await look.spaces()).find(({ id, name }) => String(id) === text || name === text);
  return space ? String(space.id) : badValue('space', `there is no space ${text}`, 'name or id of a space');
}

/** A rack is named by its system_id, and by its name in API v1. */
async function rackOf(look: Look, args: Args, name: string): Promise<string | null | undefined> {
  const text = args.clearable(name);
  if (!text) return text;
  const node = (await look.nodes()).find((one) => one.id === text || one.name === text);
  return node?.name ?? badValue(name, `there is no rack ${text}`, 'the system_id of a rack');
}

async function relayOf(look: Look, args: Args): Promise<string | null | undefined> {
  const text = args.clearable('relay_vlan');
  if (!text) return text;
  const vlan = (await look.vlans()).find(({ id }) => String(id) === text);
  return vlan ? vlanOfId(vlan.id) : badValue('relay_vlan', `there is no VLAN ${text}`, 'the id of a VLAN');
}
