import { readFileSync } from 'node:fs';
import { type Endpoint, endpointOf } from '../kit/etcd.ts';
import { etcdPlacesOf, PATRONI_YML, PKI_FILES, signOf } from '../kit/host.ts';
import type { Patience } from './decide.ts';

/** The keeper's settings. `etcd`: `address:port`, this host's first. */
export interface Settings {
  readonly name: string;
  readonly data: string;
  readonly patroni: Endpoint;
  readonly etcd: readonly string[];
  readonly patience: Patience;
}

/** A host that is busy for longer serves nobody. Then the keeper tries another one. */
const STARVED_TIMES = 5;

/** Reads this host's part of Patroni's configuration, the product's own file, and the environment (`/etc/regent/keeper.conf`). */
export function readSettings(environment: Readonly<Record<string, string | undefined>> = process.env): Settings {
  return settingsFrom(readFileSync(PATRONI_YML, 'utf8'), environment);
}

/** Throws if something is missing, or if a number is not safe. */
export function settingsFrom(yml: string, environment: Readonly<Record<string, string | undefined>>): Settings {
  const find = (pattern: RegExp, what: string) => {
    const found = pattern.exec(yml)?.[1];
    if (found === undefined) throw new Error(`patroni.yml has no ${what}`);
    return found;
  };
  const place = find(/^restapi:\n(?: .*\n|\n)*? {2}connect_address: "(.*)"$/m, 'restapi.connect_address');
  const seconds = (name: string, standard: number, least: number, most: number) => {
    const value = Number(environment[name] ?? standard);
    if (value >= least && value <= most) return value * 1000;
    throw new Error(`${name} is "${environment[name]}". Rule: a number of seconds from ${least} to ${most}`);
  };
  const ttl = seconds('REGENT_KEEPER_TTL', 2, 2, 10);
  const silence = seconds('REGENT_KEEPER_SILENCE', 2, 1, 10);
  if (ttl % 1000 !== 0) throw new Error('REGENT_KEEPER_TTL has a fraction. Rule: whole seconds');
  return {
    name: find(/^name: "(.*)"$/m, 'name'),
    data: find(/^ {2}data_dir: (\S+)$/m, 'data_dir'),
    patroni: endpointOf(place),
    etcd: etcdPlacesOf(yml),
    patience: {
      ttl,
      margin: ttl > 2000 ? 800 : 600,
      silence,
      starved: STARVED_TIMES * silence,
      absence: seconds('REGENT_KEEPER_ABSENCE', 8, 3, 12),
    },
  };
}

/** Changes whenever the settings' file or the certificate does. */
export function signOfFiles(): string {
  return signOf([PATRONI_YML, ...PKI_FILES]);
}
