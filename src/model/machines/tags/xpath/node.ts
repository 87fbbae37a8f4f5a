/**
 * A node of a document, as XPath 1.0 §5 sees it, without namespaces. `order`: its place in the document; `end`: that of the last node below it. Attributes and
 * texts have no children.
 */
export interface XmlNode {
  readonly kind: 'root' | 'element' | 'attribute' | 'text';
  readonly name: string;
  /** Of an attribute or a text. */
  readonly value: string;
  parent: XmlNode | null;
  readonly attributes: readonly XmlNode[];
  readonly children: readonly XmlNode[];
  order: number;
  end: number;
}

/** Attributes that are undefined are none. */
type Attributes = Readonly<Record<string, string | undefined>>;

/** An element. A child that is null does not exist; a text is also a child. */
export function element(
  name: string,
  attributes: Attributes = {},
  ...children: readonly (XmlNode | string | null)[]
): XmlNode {
  return {
    ...BARE,
    kind: 'element',
    name,
    value: '',
    attributes: Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [{ ...BARE, kind: 'attribute' as const, name: key, value }],
    ),
    children: children.flatMap((child) => {
      if (child === null || child === '') return [];
      return typeof child === 'string' ? [{ ...BARE, kind: 'text' as const, name: '', value: child }] : [child];
    }),
  };
}

const BARE = { parent: null, attributes: [], children: [], order: 0, end: 0 } as const;

/** The document with this element in it: every node knows its parent and its place. */
export function documentOf(top: XmlNode): XmlNode {
  const root: XmlNode = { ...BARE, kind: 'root', name: '', value: '', children: [top] };
  number(root, 0);
  return root;
}

function number(node: XmlNode, first: number): number {
  let next = first;
  node.order = next++;
  for (const attribute of node.attributes) {
    attribute.parent = node;
    attribute.order = next++;
    attribute.end = attribute.order;
  }
  for (const child of node.children) {
    child.parent = node;
    next = number(child, next);
  }
  node.end = next - 1;
  return next;
}

/** The document as text, indented. */
export function xmlText(root: XmlNode): string {
  const lines = ['<?xml version="1.0" standalone="yes" ?>'];
  for (const child of root.children) write(child, '', lines);
  return `${lines.join('\n')}\n`;
}

function write({ name, attributes, children }: XmlNode, indent: string, lines: string[]): void {
  const attributeText = attributes.map((one) => ` ${one.name}="${escaped(one.value)}"`).join('');
  const texts = children.filter(({ kind }) => kind === 'text').map(({ value }) => escaped(value));
  if (children.length === 0) lines.push(`${indent}<${name}${attributeText}/>`);
  else if (texts.length === children.length)
    lines.push(`${indent}<${name}${attributeText}>${texts.join('')}</${name}>`);
  else {
    lines.push(`${indent}<${name}${attributeText}>`);
    for (const child of children) if (child.kind === 'element') write(child, `${indent} `, lines);
    lines.push(`${indent}</${name}>`);
  }
}

/** Characters that XML 1.0 §2.2 has no place for become `?`. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/g, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
