import { type Answer, json } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Look } from '../../look.ts';
import { NO_SPACE, readNetworks } from '../../objects/networks/networks.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { fabricOf, meantId, vlanMeant } from './meant.ts';

type Path = Readonly<Record<string, string>>;

/** What API v1 calls a VLAN by its id. */
export const vlanOfId = (id: number) => `id:${id}`;

/** The VLAN that a path names: by its id, or by its fabric and its number. */
export async function vlanRef(look: Look, path: Path): Promise<string> {
  const id = path['vlan_id'];
  if (id !== undefined) return vlanOfId((await vlanMeant(look, id))?.id ?? notFound('VLAN', id));
  const fabric = await fabricOf(look, path['fabric_id'] ?? '');
  const vid = path['vid'] === 'untagged' ? '0' : path['vid'];
  const found = (await look.vlans()).find((vlan) => vlan.fabricId === fabric && String(vlan.vid) === vid);
  return found ? vlanOfId(found.id) : notFound('VLAN', path['vid']);
}

/** What API v1 calls the fabric of a path. */
export async function fabricRef(look: Look, text = ''): Promise<string> {
  return String((await fabricOf(look, text)) ?? notFound('fabric', text));
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
  if (vlan?.fabricId !== (await fabricOf(look, text)))
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
  const space = await meantId(look, 'space', text);
  return space !== null ? String(space) : badValue('space', `there is no space ${text}`, 'name or id of a space');
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
  const vlan = await vlanMeant(look, text);
  return vlan ? vlanOfId(vlan.id) : badValue('relay_vlan', `there is no VLAN ${text}`, 'the id of a VLAN');
}
