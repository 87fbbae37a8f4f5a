import type { SiteLists } from '../../site-lists.ts';
import { readTexts } from '../../objects/networks/networks.ts';
import type { NetworkKind, SpecifierSite } from '../../objects/networks/specifiers.ts';
import { isCompound, meantBy, meantByText } from '../../objects/networks/specifiers.ts';
import { FIRST } from '../base/defaults.ts';
import { notFound, refuse } from '../base/refusals.ts';

/** What MAAS calls the objects of a kind in sentences. */
const KIND_NAMES: Readonly<Record<NetworkKind, { readonly one: string; readonly model: string }>> = {
  fabric: { one: 'fabric', model: 'Fabric' },
  vlan: { one: 'VLAN', model: 'VLAN' },
  subnet: { one: 'subnet', model: 'Subnet' },
  space: { one: 'space', model: 'Space' },
};
const LISTS = { fabric: 'fabrics', vlan: 'vlans', subnet: 'subnets', space: 'spaces' } as const;

/** Networks as specifiers know them: all lists, or only that of the kind where a number or a name is enough. */
async function siteFor(lists: SiteLists, kind: NetworkKind, isWhole: boolean): Promise<SpecifierSite> {
  const read = <N extends NetworkKind>(one: N) => (isWhole || one === kind ? lists[LISTS[one]]() : []);
  const textsOf = isWhole ? await readTexts(lists) : null;
  return {
    fabrics: await read('fabric'),
    vlans: (await read('vlan')) as SpecifierSite['vlans'],
    subnets: (await read('subnet')) as SpecifierSite['subnets'],
    spaces: await read('space'),
    classOf: (fabric) => textsOf?.('fabric', fabric)['class_type'] ?? '',
  };
}

/** The number of the one object that a text means; null: none is. Refused if it means several. */
export async function meantId(lists: SiteLists, kind: NetworkKind, text: string): Promise<number | null> {
  const site = await siteFor(lists, kind, isCompound(text));
  const [first, second] = [...meantByText(site, kind, text)];
  const { model } = KIND_NAMES[kind];
  if (second !== undefined) refuse('forbidden', `Too many ${model} objects match the given query.`);
  return first ?? null;
}

/** The same; refused if none is meant. */
export async function meant(lists: SiteLists, kind: NetworkKind, text: string): Promise<number> {
  return (await meantId(lists, kind, text)) ?? notFound(KIND_NAMES[kind].one, text);
}

/** The numbers of all objects that the texts of a filter mean. */
export async function meantIds(
  lists: SiteLists,
  kind: NetworkKind,
  texts: readonly string[],
): Promise<ReadonlySet<number>> {
  return meantBy(await siteFor(lists, kind, texts.some(isCompound)), kind, texts);
}

/** The number of the fabric that is meant; MAAS's number of the first one is 0. Null: there is none. */
export async function fabricOf(lists: SiteLists, text: string): Promise<number | null> {
  const found = await meantId(lists, 'fabric', text);
  if (found !== null || text !== FIRST) return found;
  const ids = (await lists.fabrics()).map(({ id }) => id);
  return ids.length === 0 ? null : Math.min(...ids);
}

/** The VLAN that a parameter means: by its own number, or by a specifier with a colon. Undefined: there is none. */
export async function vlanMeant(lists: SiteLists, text: string): Promise<{ readonly id: number } | undefined> {
  const id = text.includes(':') ? await meantId(lists, 'vlan', text) : Number(text);
  return (await lists.vlans()).find((vlan) => vlan.id === id);
}
