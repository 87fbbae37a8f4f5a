import type { Look } from '../../look.ts';
import { readTexts } from '../../objects/networks/networks.ts';
import { isCompound, type Kind, meantBy, meantByText, type SpecifierSite } from '../../objects/networks/specifiers.ts';
import { FIRST } from '../base/defaults.ts';
import { notFound, refuse } from '../base/refusals.ts';

/** What MAAS calls the objects of a kind in sentences. */
const WORDS: Readonly<Record<Kind, { readonly one: string; readonly model: string }>> = {
  fabric: { one: 'fabric', model: 'Fabric' },
  vlan: { one: 'VLAN', model: 'VLAN' },
  subnet: { one: 'subnet', model: 'Subnet' },
  space: { one: 'space', model: 'Space' },
};
const LISTS = { fabric: 'fabrics', vlan: 'vlans', subnet: 'subnets', space: 'spaces' } as const;

/** Networks as specifiers know them: all lists, or only that of the kind where a number or a name is enough. */
async function siteFor(look: Look, kind: Kind, isWhole: boolean): Promise<SpecifierSite> {
  const read = <N extends Kind>(one: N) => (isWhole || one === kind ? look[LISTS[one]]() : []);
  const textsOf = isWhole ? await readTexts(look) : null;
  return {
    fabrics: await read('fabric'),
    vlans: (await read('vlan')) as SpecifierSite['vlans'],
    subnets: (await read('subnet')) as SpecifierSite['subnets'],
    spaces: await read('space'),
    classOf: (fabric) => textsOf?.('fabric', fabric)['class_type'] ?? '',
  };
}

/** The number of the one object that a text means; null: none is. Refused where it means several. */
export async function meantId(look: Look, kind: Kind, text: string): Promise<number | null> {
  const site = await siteFor(look, kind, isCompound(text));
  const [first, second] = [...meantByText(site, kind, text)];
  const { model } = WORDS[kind];
  if (second !== undefined) refuse('forbidden', `Too many ${model} objects match the given query.`);
  return first ?? null;
}

/** The same; refused where none is meant. */
export async function meant(look: Look, kind: Kind, text: string): Promise<number> {
  return (await meantId(look, kind, text)) ?? notFound(WORDS[kind].one, text);
}

/** The numbers of all objects that the texts of a filter mean. */
export async function meantIds(look: Look, kind: Kind, texts: readonly string[]): Promise<ReadonlySet<number>> {
  return meantBy(await siteFor(look, kind, texts.some(isCompound)), kind, texts);
}

/** The number of the fabric that is meant; MAAS's number of the first one is 0. Null: there is none. */
export async function fabricOf(look: Look, text: string): Promise<number | null> {
  const found = await meantId(look, 'fabric', text);
  if (found !== null || text !== FIRST) return found;
  const ids = (await look.fabrics()).map(({ id }) => id);
  return ids.length === 0 ? null : Math.min(...ids);
}

/** The VLAN that a parameter means: by its own number, or by a specifier with a colon. Undefined: there is none. */
export async function vlanMeant(look: Look, text: string): Promise<{ readonly id: number } | undefined> {
  const id = text.includes(':') ? await meantId(look, 'vlan', text) : Number(text);
  return (await look.vlans()).find((vlan) => vlan.id === id);
}
