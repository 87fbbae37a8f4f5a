import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'rolldown/utils';

/**
 * What a room may import. `rooms`: other rooms; a longer path allows that file or folder alone. `node`: Node's own modules
 * (`*` for all). `packages`: npm packages. What is not listed is forbidden.
 */
export interface RoomRule {
  readonly rooms: readonly string[];
  readonly node: readonly string[];
  readonly packages: readonly string[];
  /** No async, clock, randomness, process or network: the same input gives the same output. */
  readonly isPure?: boolean;
  /** A part of a room that may not lean on the rest of it: other parts are named in `rooms`. */
  readonly isClosed?: boolean;
}

const HOST_INTERFACE = 'host/interface.ts';
/** Other devices on the network, as an interface. */
const REACH_INTERFACE = 'host/ask/bmc/interface.ts';

/** The import law as data. A room that is not here may not exist. */
export const LAW: Readonly<Record<string, RoomRule>> = {
  core: { rooms: [], node: ['node:crypto', 'node:net'], packages: ['ipaddr.js'], isPure: true },
  model: { rooms: ['core'], node: [], packages: [], isPure: true },
  // Texts from guarded views: `services` and `boot` both write them, and neither may import the other.
  template: { rooms: ['core'], node: [], packages: ['handlebars'], isPure: true },
  services: { rooms: ['core', 'model'], node: [], packages: ['typebox'], isPure: true },
  'services/kit': { rooms: ['core', 'model', 'template'], node: [], packages: ['typebox'], isPure: true },
  boot: { rooms: ['core', 'model', 'template'], node: [], packages: ['typebox'], isPure: true },
  // Power drivers: they act through interfaces, and are tested without a network where nothing real is needed.
  power: { rooms: ['core', 'model', HOST_INTERFACE, REACH_INTERFACE], node: [], packages: ['typebox'] },
  contract: { rooms: ['core', 'model', 'boot/record.ts'], node: [], packages: ['typebox'] },
  store: { rooms: ['core', 'model', 'contract'], node: ['*'], packages: ['pg', 'pg-pool', 'kysely'] },
  host: { rooms: ['core'], node: ['*'], packages: [] },
  reconcile: { rooms: ['core', 'services', HOST_INTERFACE], node: [], packages: ['typebox'] },
  // Of the drills their pure parts: the region reports stored rounds and lists the known hazards.
  region: {
    rooms: [
      'core',
      'model',
      'services',
      'boot',
      'store',
      'contract',
      'drills/report',
      'drills/hazards',
      'judge',
      // Which parameters a power type has.
      'power/registry.ts',
    ],
    node: [],
    packages: [],
  },
  // Certificates: apart from core because the library signs asynchronously.
  pki: { rooms: ['core'], node: ['node:crypto'], packages: ['@peculiar/x509', 'reflect-metadata'] },
  agent: {
    rooms: ['core', 'model', 'services', 'boot', 'host', 'reconcile', 'contract', 'pki'],
    node: ['*'],
    packages: ['typebox'],
  },
  api: {
    rooms: ['core', 'model', 'contract', 'region'],
    // node:zlib: answers are coded.
    node: ['node:crypto', 'node:http', 'node:https', 'node:stream', 'node:net', 'node:zlib'],
    packages: ['fastify', 'typebox'],
  },
  cli: {
    rooms: ['core', 'model', 'contract'],
    node: ['*'],
    packages: ['age-encryption', 'commander', 'typebox', 'yaml'],
  },
  ui: { rooms: ['core', 'model', 'contract'], node: [], packages: ['preact', '@preact/signals'] },
  // What is shown, of answers and the time.
  'ui/models': { rooms: ['core', 'model', 'contract'], node: [], packages: [], isPure: true, isClosed: true },
  join: {
    rooms: ['core', 'model', 'services', HOST_INTERFACE, 'reconcile', 'contract', 'pki'],
    node: [],
    packages: [],
  },
  lab: { rooms: ['core', 'contract', HOST_INTERFACE], node: ['*'], packages: [] },
  // Two rooms judge rounds at run time: the drills of a lab, and the region for its own drills. So the judge belongs to neither.
  judge: { rooms: ['core'], node: [], packages: [], isPure: true },
  drills: { rooms: ['core', 'judge', 'contract', 'lab', HOST_INTERFACE], node: ['*'], packages: [] },
  'drills/hazards': { rooms: ['core', 'judge'], node: [], packages: [], isPure: true, isClosed: true },
  'drills/report': { rooms: ['core', 'judge'], node: [], packages: [], isPure: true, isClosed: true },
  main: { rooms: ['*'], node: ['*'], packages: ['*'] },
};

export interface SourceFile {
  /** Path below `src`, with `/`. */
  readonly path: string;
  readonly imports: readonly string[];
  readonly text: string;
}

/** Reads every TypeScript file below a folder with the modules that it names, static and dynamic. */
export function readSources(root: string): SourceFile[] {
  return walk(root)
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      const parsed = parseSync(path, text, { lang: path.endsWith('x') ? 'tsx' : 'ts' });
      const exportSources = parsed.module.staticExports.flatMap((item) =>
        item.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
      );
      const dynamic = parsed.module.dynamicImports.map((item) =>
        text.slice(item.moduleRequest.start, item.moduleRequest.end).replace(/^['"]|['"]$/g, ''),
      );
      const statics = parsed.module.staticImports.map((item) => item.moduleRequest.value);
      return { path: relative(root, path), text, imports: [...new Set([...statics, ...exportSources, ...dynamic])] };
    });
}

/** Every breach of the law in these files, one sentence each. */
export function breaches(root: string, files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    const rule = LAW[room];
    if (!rule) return [`${file.path}: the room "${room}" has no line in the law`];
    const imports = file.imports.flatMap((name) => {
      const why = breachOf(root, file, name, rule);
      return why ? [`${file.path} imports ${name}: ${why}`] : [];
    });
    return [...imports, ...(rule.isPure ? impurities(file) : [])];
  });
}

/** Cycles among files, each as the list of its paths. */
export function cycles(root: string, files: readonly SourceFile[]): string[][] {
  const edges = new Map(
    files.map((file) => [file.path, file.imports.flatMap((name) => localPath(root, file, name) ?? [])]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const found: string[][] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push([...trail.slice(trail.indexOf(path)), path]);
      return;
    }
    state.set(path, 'open');
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

function breachOf(root: string, file: SourceFile, name: string, rule: RoomRule): string | null {
  if (name.startsWith('node:')) {
    return rule.node.includes('*') || rule.node.includes(name)
      ? null
      : `this room may use of Node only: ${rule.node.join(', ') || 'nothing'}`;
  }
  if (!name.startsWith('.')) {
    const packageName = name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/');
    return rule.packages.includes('*') || rule.packages.includes(packageName)
      ? null
      : `this room may use the packages: ${rule.packages.join(', ') || 'none'}`;
  }
  const target = localPath(root, file, name);
  if (!target) return 'it lies outside src';
  const room = topRoom(target);
  const part = roomOf(target);
  if (
    (rule.isClosed === true ? part === roomOf(file.path) : room === topRoom(file.path)) ||
    rule.rooms.includes(part) ||
    rule.rooms.includes('*') ||
    rule.rooms.includes(room) ||
    rule.rooms.includes(target)
  )
    return null;
  return `this room may import: ${rule.rooms.join(', ') || 'nothing of ours'}`;
}

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\basync\b|\bawait\b/, 'async'],
  [/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\./, 'the clock'],
  [/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, 'randomness'],
  [/\bprocess\.|\bfetch\(|\bsetTimeout\b|\bsetInterval\b/, 'the process or the network'],
];

function impurities(file: SourceFile): string[] {
  // Comments and texts may speak of these things.
  const code = file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm, ' ');
  return IMPURE.filter(([pattern]) => pattern.test(code)).map(
    ([, what]) => `${file.path} uses ${what}: the room is pure`,
  );
}

function roomOf(path: string): string {
  const part = path.split('/').slice(0, 2).join('/');
  return Object.hasOwn(LAW, part) ? part : topRoom(path);
}

function topRoom(path: string): string {
  return path.split('/')[0] ?? path;
}

function localPath(root: string, file: SourceFile, name: string): string | null {
  if (!name.startsWith('.')) return null;
  const path = relative(root, resolve(join(root, dirname(file.path)), name));
  return path.startsWith('..') ? null : path;
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
