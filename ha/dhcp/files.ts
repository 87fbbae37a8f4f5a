import { readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { signOf, messageOf } from '../kit/host.ts';
import { readJson } from './disk.ts';
import { racksOf } from './messages.ts';

const KEA = '/etc/kea';
const VOTES = '/etc/regent/votes/votes.json';

/** `/etc/kea/regent-KEY/pair.json`: what the pipeline says of an instance. */
export interface PairConfig {
  readonly key: string;
  readonly role: 'primary' | 'standby';
  readonly self: string;
  readonly partner: { readonly name: string; readonly address: string };
  readonly address: string;
  readonly haPort: number;
  readonly partnerPort: number;
  readonly regions: readonly { readonly name: string; readonly address: string }[];
  /** By which its clients are reached. */
  readonly interfaces: readonly string[];
  /** An operator wants its work elsewhere. */
  readonly isDrained: boolean;
}

/** `/etc/regent/votes/votes.json`: where this region listens, and who may ask it. */
export interface VotesConfig {
  readonly name: string;
  readonly address: string;
  readonly racks: readonly string[];
}

/** What is in the pairs' files now, by key; a file that cannot be read keeps its last content. */
export class PairFiles {
  #sign = '';
  #found = new Map<string, PairConfig>();

  /** null: nothing has changed since the last check. */
  readChanges(log: (text: string) => void): ReadonlyMap<string, PairConfig> | null {
    const paths = readdirSync(KEA)
      .filter((name) => name.startsWith('regent-'))
      .map((name) => `${KEA}/${name}/pair.json`);
    const sign = paths.map((path) => `${path} ${signOf([path])}`).join('\n');
    if (sign === this.#sign) return null;
    const found = new Map<string, PairConfig>();
    for (const path of paths) {
      try {
        const config = pairOf(readJson(path));
        if (config) found.set(config.key, config);
      } catch (error) {
        log(`${path} cannot be used: ${messageOf(error)}`);
        const key = /regent-([^/]*)\/pair\.json$/.exec(path)?.[1] ?? '';
        const before = this.#found.get(key);
        if (before) found.set(key, before);
      }
    }
    [this.#sign, this.#found] = [sign, found];
    return found;
  }
}

/** The region's part. Throws when it cannot be read. */
export function readVotes(): VotesConfig {
  const { name, address, racks } = (readJson(VOTES) ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || !isAddress(address) || !Array.isArray(racks))
    throw new Error(`${VOTES} is not whole`);
  return { name, address, racks: racks.filter((rack) => typeof rack === 'string') };
}

/** Changes with the region's part. */
export function signOfVotes(): string {
  return signOf([VOTES]);
}

/** null: no file. Throws for one that is not whole. */
function pairOf(value: unknown): PairConfig | null {
  if (value === null) return null;
  const file = value as { [name in keyof PairConfig]?: unknown };
  const { key, role, self, address, haPort, partnerPort } = file;
  const partner = file.partner as PairConfig['partner'] | undefined;
  const regions = Array.isArray(file.regions) ? (file.regions as PairConfig['regions']) : [];
  const isNamed = typeof key === 'string' && /^[a-z0-9-]+_[a-z0-9-]+$/.test(key) && typeof self === 'string';
  if (!isNamed || (role !== 'primary' && role !== 'standby')) throw new Error('it names no pair and role');
  const [primary, standby] = racksOf(key);
  if (self !== (role === 'primary' ? primary : standby) || partner?.name !== (role === 'primary' ? standby : primary))
    throw new Error('its role, its key and its names do not fit');
  if (!isAddress(address) || !isAddress(partner.address) || !isPort(haPort) || !isPort(partnerPort))
    throw new Error('it has no addresses and ports');
  if (!regions.every((region) => typeof region.name === 'string' && isAddress(region.address)))
    throw new Error('a region has no name and address');
  const interfaces = Array.isArray(file.interfaces) ? file.interfaces.filter(isInterface) : [];
  const isDrained = file.isDrained === true;
  return { key, role, self, partner, address, haPort, partnerPort, regions, interfaces, isDrained };
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) > 0;
}

function isInterface(value: unknown): value is string {
  return typeof value === 'string' && /^[^/\s]{1,15}$/.test(value) && !value.startsWith('.');
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}
