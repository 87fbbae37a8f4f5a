import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Fields of MAAS's objects: `name:type`, `?` it may be null, `*` it may be missing. */
const OBJECTS = JSON.parse(readFileSync(join(import.meta.dirname, 'maas-objects.json'), 'utf8')) as Readonly<
  Record<string, string>
>;

/** What keeps a value from being one of MAAS's objects of this kind, a sentence each. */
export function shapeProblems(kind: string, value: unknown): string[] {
  const fields = OBJECTS[kind];
  if (fields === undefined) return [`no object ${kind}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${kind} is no object`];
  const members = new Map<string, unknown>(Object.entries(value));
  return fields.split(' ').flatMap((field) => {
    const [, name = '', type = '', optional, nullable] = /^([^:]+):([a-z]+)(\*)?(\?)?$/.exec(field) ?? [];
    if (!members.has(name)) return optional ? [] : [`${kind}.${name} is missing`];
    const member = members.get(name);
    if (member === null) return nullable || type === 'any' ? [] : [`${kind}.${name} is null`];
    return type === 'any' || typeOf(member, type) ? [] : [`${kind}.${name} is ${JSON.stringify(member)}, no ${type}`];
  });
}

function typeOf(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}
