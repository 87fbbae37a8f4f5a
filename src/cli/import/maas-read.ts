import { jsonOrNull } from '../../core/json.ts';
import { CliError, EXIT } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { type MaasReader, notMaas } from './maas-client.ts';
import { type MaasObject, objectsOf, text } from './values.ts';

/** What was read of a MAAS, by list; `machines` page by page. Secrets of power types are not among them. */
export interface MaasSite {
  readonly version: string;
  readonly user: string;
  readonly lists: Readonly<Record<string, readonly MaasObject[]>>;
  /** Power types' parameters by system id, without secrets; `secrets`: names of those that a machine has. */
  readonly power: ReadonlyMap<
    string,
    { readonly parameters: Readonly<Record<string, string>>; readonly secrets: readonly string[] }
  >;
  /** Lists that this MAAS does not have. */
  readonly absent: readonly string[];
}

/** Machines of one call: some 2 MB. */
const PAGE = 100;
/** Versions whose API this command knows; a region of Regent names the version whose API it speaks. */
const VERSION = /^(\d+)\.(\d+)/;
const OLDEST = [3, 4] as const;
export const NEWEST = [3, 7] as const;

/** Lists that are read whole, each with its path. */
const LISTS: Readonly<
  Record<string, { readonly path: string; readonly query?: readonly (readonly [string, string])[] }>
> = {
  fabrics: { path: 'fabrics/' },
  spaces: { path: 'spaces/' },
  subnets: { path: 'subnets/' },
  ipranges: { path: 'ipranges/' },
  reservedips: { path: 'reservedips/' },
  ipaddresses: { path: 'ipaddresses/', query: [['all', 'true']] },
  domains: { path: 'domains/' },
  dnsresources: { path: 'dnsresources/' },
  'static-routes': { path: 'static-routes/' },
  zones: { path: 'zones/' },
  resourcepools: { path: 'resourcepools/' },
  tags: { path: 'tags/' },
  users: { path: 'users/' },
  sshkeys: { path: 'account/prefs/sshkeys/' },
  scripts: { path: 'scripts/', query: [['include_script', 'true']] },
  'package-repositories': { path: 'package-repositories/' },
  devices: { path: 'devices/' },
  'dhcp-snippets': { path: 'dhcp-snippets/' },
  'boot-resources': { path: 'boot-resources/' },
  pods: { path: 'pods/' },
  'license-keys': { path: 'license-keys/' },
};

/** How a reading continues: what is stored of it in the folder. */
interface ReadState {
  readonly url: string;
  /** Names a reading: what another one stored does not count. */
  readonly run: string;
  readonly isDone: boolean;
}

/** Where the reading is stored. */
export interface ReadOrder {
  readonly io: CliIo;
  readonly folder: string;
  readonly url: string;
  /** Each step that was done, for people. */
  readonly progress: (text: string) => void;
}

/** Names of power parameters that are secrets, in any power type of MAAS. */
const SECRET = /^(?:k_g|power_pass|power_token|.*_(?:pass|password|token|secret|key))$/;

/** Reads all lists; those that an unfinished run has stored are not read again. Secrets come as `onSecret`, and are stored nowhere here. */
export async function readMaas(
  maas: MaasReader,
  order: ReadOrder,
  onSecret: (systemId: string, name: string, value: string) => void,
): Promise<MaasSite> {
  const { io, folder, url, progress } = order;
  const { version, user } = await readHead(maas, url);
  const stateFile = `${folder}/state.json`;
  const before = jsonOrNull((await io.readFile(stateFile)) ?? '') as Partial<ReadState> | null;
  if (before !== null && before.url !== url)
    throw new CliError(EXIT.conflict, `${folder} holds what was read of ${before.url ?? 'another MAAS'}.`, [
      'Give another --folder, or remove this one.',
    ]);
  const run = before?.isDone === false && before.run !== undefined ? before.run : io.uuid();
  const note = (isDone: boolean) => {
    const state: ReadState = { url, run, isDone };
    return io.replaceFile(stateFile, `${JSON.stringify(state)}\n`);
  };
  await note(false);
  const step = <T>(name: string, read: () => Promise<T>): Promise<T> => stored({ ...order, run }, name, read);
  const lists: Record<string, readonly MaasObject[]> = {};
  const absent: string[] = [];
  for (const [name, { path, query }] of Object.entries(LISTS)) {
    const found = await step(name, async () => (await maas.get(path, query)) ?? null);
    if (found === null) absent.push(name);
    lists[name] = objectsOf(found);
    progress(`${name}: ${lists[name].length}`);
  }
  const power = new Map<string, { parameters: Record<string, string>; secrets: string[] }>();
  const all = (await maas.get('machines/', [['op', 'power_parameters']])) as Readonly<
    Record<string, MaasObject>
  > | null;
  for (const [id, given] of Object.entries(all ?? {})) power.set(id, split(id, given, onSecret));
  lists['machines'] = await readMachines(maas, { ids: [...power.keys()], step, progress });
  await note(true);
  return { version, user, lists, power, absent };
}

async function readHead(maas: MaasReader, url: string): Promise<{ readonly version: string; readonly user: string }> {
  const found = (await maas.get('version/')) as MaasObject | null;
  const version = text(found ?? {}, 'version');
  const [, major, minor] = VERSION.exec(version) ?? [];
  if (found === null || major === undefined || !Array.isArray(found['capabilities']))
    throw notMaas(url, 'version/ names no version and no capabilities');
  const at = [Number(major), Number(minor)] as const;
  const isOlder = at[0] < OLDEST[0] || (at[0] === OLDEST[0] && at[1] < OLDEST[1]);
  if (isOlder)
    throw new CliError(EXIT.error, `${url} is MAAS ${version}. Rule: ${OLDEST.join('.')} to ${NEWEST.join('.')}.`, [
      'Upgrade MAAS first: its own upgrade keeps all objects.',
    ]);
  const who = (await maas.get('users/', [['op', 'whoami']])) as MaasObject | null;
  const user = text(who ?? {}, 'username');
  if (who?.['is_superuser'] !== true)
    throw new CliError(EXIT.error, `${user || 'The key’s user'} is no admin of MAAS. Rule: an admin’s key reads all.`);
  return { version, user };
}

/** A step whose result is in the folder is not done again. */
async function stored<T>(
  { io, folder, run }: ReadOrder & { readonly run: string },
  name: string,
  read: () => Promise<T>,
): Promise<T> {
  const path = `${folder}/read/${name}.json`;
  const text = await io.readFile(path);
  const known = text === null ? null : (jsonOrNull(text) as { readonly run: string; readonly value: T } | null);
  if (known?.run === run) return known.value;
  const value = await read();
  await io.replaceFile(path, `${JSON.stringify({ run, value })}\n`);
  return value;
}

interface MachinePages {
  readonly ids: readonly string[];
  readonly step: <T>(name: string, read: () => Promise<T>) => Promise<T>;
  readonly progress: (text: string) => void;
}

/** A MAAS has no pages of machines; it answers for the ids that a call names. */
async function readMachines(maas: MaasReader, { ids, step, progress }: MachinePages): Promise<readonly MaasObject[]> {
  if (ids.length === 0) return objectsOf(await step('machines', () => maas.get('machines/')));
  // The pages of an interrupted run are those of its ids.
  const known = await step('machine-ids', async () => [...ids]);
  const all: MaasObject[] = [];
  for (let at = 0; at < known.length; at += PAGE) {
    const query = known.slice(at, at + PAGE).map((id) => ['id', id] as const);
    const page = await step(`machines-${at / PAGE}`, async () =>
      objectsOf(await maas.get('machines/', query)).map(brief),
    );
    all.push(...page);
    progress(`machines: ${all.length} of ${known.length}`);
  }
  return all;
}

/** Members of a machine that an import needs: disks and test results are most of an answer. */
const MEMBERS = [
  'system_id',
  'hostname',
  'domain',
  'fqdn',
  'owner',
  'locked',
  'status',
  'status_name',
  'zone',
  'pool',
].concat(
  ['tag_names', 'description', 'owner_data', 'power_type', 'interface_set', 'osystem', 'distro_series', 'architecture'],
  ['min_hwe_kernel', 'pod', 'parent', 'node_type_name', 'ephemeral_deploy'],
);
const brief = (machine: MaasObject): MaasObject =>
  Object.fromEntries(MEMBERS.flatMap((name) => (machine[name] === undefined ? [] : [[name, machine[name]]])));

function split(
  id: string,
  given: MaasObject,
  onSecret: (systemId: string, name: string, value: string) => void,
): { parameters: Record<string, string>; secrets: string[] } {
  const parameters: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string' || value === '') continue;
    if (!SECRET.test(name)) parameters[name] = value;
    else {
      secrets.push(name);
      onSecret(id, name, value);
    }
  }
  return { parameters, secrets };
}
