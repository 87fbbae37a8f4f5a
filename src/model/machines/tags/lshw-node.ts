import { element, type XmlNode } from './xpath/node.ts';

/** A device of `lshw`'s document. Children that are null are none. */
export function lshwNode(id: string, kind: string, children: readonly (XmlNode | null)[]): XmlNode {
  return element('node', { id, claimed: 'true', class: kind }, ...children);
}

/** An element with a text; null if there is none. */
export const leaf = (name: string, text: string | undefined): XmlNode | null => plain(name, {}, text);

/** The same with attributes. */
export function plain(
  name: string,
  attributes: Readonly<Record<string, string>>,
  text: string | undefined,
): XmlNode | null {
  return text === undefined || text === '' ? null : element(name, attributes, text);
}

/** A number with its unit; null if it is not known. */
export function sized(name: string, units: string, value: number | undefined): XmlNode | null {
  return value === undefined || value === 0 ? null : element(name, { units }, String(value));
}

/** The settings of a device, in the order of their names; null if there is none. */
export function settings(values: Readonly<Record<string, string | undefined>>): XmlNode | null {
  const known = Object.entries(values)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return known.length === 0
    ? null
    : element('configuration', {}, ...known.map(([id, value]) => element('setting', { id, value })));
}

/** Devices beside one another: those with the same id get numbers, `cpu:0`, `cpu:1`. */
export function named(nodes: readonly XmlNode[]): XmlNode[] {
  const idOf = (node: XmlNode) => node.attributes.find(({ name }) => name === 'id')?.value ?? '';
  const groups = Map.groupBy(nodes, idOf);
  const next = new Map<string, number>();
  return nodes.map((node) => {
    const id = idOf(node);
    if ((groups.get(id)?.length ?? 0) < 2) return node;
    const number = next.get(id) ?? 0;
    next.set(id, number + 1);
    const attributes = node.attributes.map((one) => (one.name === 'id' ? { ...one, value: `${id}:${number}` } : one));
    return { ...node, attributes };
  });
}
