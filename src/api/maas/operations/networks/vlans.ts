import type { Vlan } from '../../../../contract/networks/vlan.ts';
import type { Args } from '../../args.ts';
import type { MaasCall, PathValues } from '../../handler.ts';
import type { SiteLists } from '../../site-lists.ts';
import { NO_SPACE } from '../../objects/networks/networks.ts';
import { param } from '../base/nouns.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { fabricOf, meantId, vlanMeant } from './meant.ts';

/** What API v1 calls a VLAN by its id. */
export const vlanOfId = (id: number) => `id:${id}`;

/** The same, where there may be none. */
export const vlanRefOf = (id: number | undefined) => (id === undefined ? undefined : vlanOfId(id));

/** The VLAN that a path names: by its id, or by its fabric and its number. */
export async function vlanRef(lists: SiteLists, path: PathValues): Promise<string> {
  const id = path['vlan_id'];
  if (id !== undefined) return vlanOfId((await vlanMeant(lists, id))?.id ?? notFound('VLAN', id));
  const fabric = await fabricOf(lists, path['fabric_id'] ?? '');
  const vid = path['vid'] === 'untagged' ? '0' : path['vid'];
  const found = (await lists.vlans()).find((vlan) => vlan.fabricId === fabric && String(vlan.vid) === vid);
  return found ? vlanOfId(found.id) : notFound('VLAN', path['vid']);
}

/** What API v1 calls the fabric of a path. */
export async function fabricRef(lists: SiteLists, text = ''): Promise<string> {
  return String((await fabricOf(lists, text)) ?? notFound('fabric', text));
}

/** What a call says of DHCP, relay and racks of a VLAN: what is not given stays. */
export const VLAN_FIELDS = {
  dhcpOn: param.flag('dhcp_on'),
  relayVlan: relayOf,
  primaryRack: rackOf('primary_rack'),
  secondaryRack: rackOf('secondary_rack'),
};

/** A VLAN stays in its fabric: what stands on it would be somewhere else. */
export async function checkFabric({ lists, args }: MaasCall, vlan: Vlan): Promise<void> {
  const text = args.text('fabric');
  if (text && vlan.fabricId !== (await fabricOf(lists, text)))
    badValue('fabric', `the VLAN stays in ${vlan.fabric}`, 'make a VLAN in the other fabric');
}

/** Does a new VLAN need more than what `create` takes? */
export function wantsMore(args: Args): boolean {
  return ['dhcp_on', 'relay_vlan', 'primary_rack', 'secondary_rack'].some((name) => args.text(name));
}

/** The space that is meant; null: none. */
export async function spaceOf({ lists, args }: MaasCall): Promise<string | null | undefined> {
  const text = args.clearable('space');
  if (!text || text === NO_SPACE.name || text === String(NO_SPACE.id)) return text && null;
  const space = await meantId(lists, 'space', text);
  return space !== null ? String(space) : badValue('space', `there is no space ${text}`, 'name or id of a space');
}

/** A rack is named by its system_id, and by its name in API v1. */
function rackOf(name: string) {
  return async ({ lists, args }: MaasCall): Promise<string | null | undefined> => {
    const text = args.clearable(name);
    if (!text) return text;
    const node = (await lists.nodes()).find((one) => one.id === text || one.name === text);
    return node?.name ?? badValue(name, `there is no rack ${text}`, 'the system_id of a rack');
  };
}

async function relayOf({ lists, args }: MaasCall): Promise<string | null | undefined> {
  const text = args.clearable('relay_vlan');
  if (!text) return text;
  const vlan = await vlanMeant(lists, text);
  return vlan ? vlanOfId(vlan.id) : badValue('relay_vlan', `there is no VLAN ${text}`, 'the id of a VLAN');
}
