import constraints from './filters.json' with { type: 'json' };

/**
 * A resource of MAAS's API in the form of its table. `path` follows the prefix. A line of `operations` is `METHOD name flags | parameters | title`. Flags: `=201` the status
 * of success, `anonymous` no key is needed, `409` a collision has that status,
 * `constraints` a parameter that it does not know is refused, as only lists of machines and `allocate` do in MAAS. A parameter is `name`, `name:int`, `name!` (it must be there); `@filters` are
 * those of all lists of machines. The names create, read, update and delete are called without `op`.
 */
export interface ResourceText {
  readonly name: string;
  readonly path: string;
  readonly aliases?: readonly string[] | undefined;
  /** It is not described. */
  readonly isHidden?: boolean | undefined;
  /** The handler that answers who has no key. */
  readonly anonymous?: string | undefined;
  readonly about: string;
  readonly operations: readonly string[];
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
/** `bytes`: a number with K, M, G, T, P or E behind it, in steps of a thousand. */
export type ParameterType = 'text' | 'int' | 'boolean' | 'float' | 'bytes' | 'file';

export type Parameter = { readonly name: string; readonly type: ParameterType; readonly isRequired: boolean };

/** An operation. `key` names it in tables of ours: `Machines.allocate`. `op` null: the method names the operation. */
export interface Operation {
  readonly key: string;
  readonly method: Method;
  readonly name: string;
  readonly op: string | null;
  readonly status: number;
  readonly isAnonymous: boolean;
  /** A collision is answered with 409; else with 400. */
  readonly hasConflict: boolean;
  /** Its parameters are constraints: one that it does not know is refused; else it is ignored, as MAAS does. */
  readonly isConstrained: boolean;
  readonly parameters: readonly Parameter[];
  readonly title: string;
}

/** A resource. `params`: the names in its path, in order. */
export interface Resource {
  readonly name: string;
  readonly path: string;
  readonly paths: readonly (readonly string[])[];
  readonly params: readonly string[];
  readonly isHidden: boolean;
  readonly anonymous: string | null;
  readonly about: string;
  readonly operations: readonly Operation[];
}

const RESTFUL: readonly string[] = ['create', 'read', 'update', 'delete'];
const TYPES: readonly string[] = ['int', 'boolean', 'float', 'bytes', 'file'] satisfies ParameterType[];
const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE'] satisfies Method[];

/** Reads a resource of the table. Pure; throws where a line of the table is not of its form. */
export function parseResource(given: ResourceText): Resource {
  const { name, path, aliases = [], isHidden = false, anonymous = null, about } = given;
  return {
    name,
    path,
    paths: [path, ...aliases].map((one) => one.split('/').filter((segment) => segment !== '')),
    params: [...path.matchAll(/\{(\w+)\}/g)].map(([, param = '']) => param),
    isHidden,
    anonymous,
    about,
    operations: given.operations.map((line) => parseOperation(name, line)),
  };
}

function parseOperation(resource: string, line: string): Operation {
  const [head = '', parameters = '', title = ''] = line.split('|').map((part) => part.trim());
  const [method = '', name = '', ...flags] = head.split(' ');
  if (!isMethod(method) || name === '' || title === '') throw new Error(`no operation: ${line}`);
  const status = flags.find((flag) => flag.startsWith('='))?.slice(1);
  return {
    key: `${resource}.${name}`,
    method,
    name,
    op: RESTFUL.includes(name) ? null : name,
    status: status === undefined ? (method === 'DELETE' ? 204 : 200) : Number(status),
    isAnonymous: flags.includes('anonymous'),
    hasConflict: flags.includes('409'),
    isConstrained: flags.includes('constraints'),
    parameters: parameters
      .replace('@filters', constraints.filters)
      .split(' ')
      .filter((spec) => spec !== '')
      .map(parseParameter),
    title,
  };
}

function parseParameter(spec: string): Parameter {
  const isRequired = spec.endsWith('!');
  const [name = '', type = 'text'] = spec.replace(/!$/, '').split(':');
  if (type !== 'text' && !TYPES.includes(type)) throw new Error(`no parameter: ${spec}`);
  return { name, type: type as ParameterType, isRequired };
}

const isMethod = (text: string): text is Method => METHODS.includes(text);
