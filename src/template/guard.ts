import { show } from '../core/errors.ts';

/** Control characters (C0, DEL, C1) and the two Unicode line ends: each could start a line, a directive or an escape. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** Names that a template may ask `#if` about. */
export const BOOLEAN_NAME = /^(?:has|is)[A-Z]/;
/** Names of members that would hide members that every object has. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'toJSON']);

/**
 * Checks a view and wraps it so that a template that asks for a name that is not there gets an exception with the
 * path, never silence. A view holds strings without control characters, finite numbers, booleans, arrays and plain objects,
 * all without null or undefined; members named `has…` or `is…` are booleans and no others are.
 */
export function guard<V extends object>(view: V): V {
  // The wrapped copy has the shape of the view.
  return wrap(view, 'view') as V;
}

function wrap(value: unknown, path: string): unknown {
  if (typeof value === 'string') return checkText(value, path);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, not a finite number`);
    return value;
  }
  if (value === null || value === undefined) throw new TypeError(`${path} is ${value}`);
  if (typeof value !== 'object') throw new TypeError(`${path} is a ${typeof value}`);
  return Array.isArray(value) ? wrapArray(value, path) : wrapObject(value, path);
}

function checkText(text: string, path: string): string {
  if (CONTROL.test(text)) throw new TypeError(`${path} holds a control character: ${show(text)}`);
  if (!text.isWellFormed()) throw new TypeError(`${path} is not well-formed Unicode: ${show(text)}`);
  return text;
}

function wrapArray(items: readonly unknown[], path: string): unknown {
  return Array.from(items, (item, index) => wrap(item, `${path}[${index}]`));
}

function wrapObject(object: object, path: string): unknown {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError(`${path} is not a plain object`);
  const members: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(object)) {
    const inner = `${path}.${name}`;
    if (RESERVED.has(name)) throw new TypeError(`${inner} has a reserved name`);
    if (BOOLEAN_NAME.test(name) !== (typeof member === 'boolean'))
      throw new TypeError(
        `${inner} is a ${typeof member}: has… and is… are the names of booleans, and of nothing else`,
      );
    members[name] = wrap(member, inner);
  }
  return new Proxy(members, new UnknownNames(path));
}

/** Refuses to read a missing name. It lets names pass that the language itself asks of any object. */
class UnknownNames implements ProxyHandler<Record<string, unknown>> {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  get(target: Record<string, unknown>, name: string | symbol): unknown {
    if (typeof name === 'symbol') return Reflect.get(target, name);
    if (Object.hasOwn(target, name)) return target[name];
    if (RESERVED.has(name)) return Reflect.get(target, name);
    throw new TypeError(`${this.#path} has no "${name}"; it has ${Object.keys(target).join(', ') || 'nothing'}`);
  }

  /** Handlebars asks this before it reads a name in strict mode. */
  has(target: Record<string, unknown>, name: string | symbol): boolean {
    if (typeof name === 'symbol') return Reflect.has(target, name);
    return this.get(target, name) !== undefined;
  }
}
