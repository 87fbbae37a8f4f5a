import { parseConfFile } from '../../core/conf-file.ts';
import { isRejected, type Rejected } from '../../core/errors.ts';
import { parseVip } from '../../model/cluster/cluster.ts';
import { checkVipFamily } from '../../model/cluster/node-identity.ts';
import { parseRackConf } from '../../model/cluster/rack-conf.ts';
import {
  addressOf,
  checkData,
  checkHost,
  checkPorts,
  checkVersions,
  type HostFinding,
  type HostFindings,
  hasError,
  nameOf,
  ownAddresses,
  startFindings,
  verdict,
} from '../checks.ts';
import type { HostInspection } from '../look.ts';
import { PATHS } from '../paths.ts';
import type { SiteState } from '../ports.ts';
import { apiUrl, portOf } from '../texts.ts';
import type { InitNote, InitPlan } from './note.ts';
import { INIT_DEFAULTS, type InitOptions } from './options.ts';
import type { Seed } from './seed.ts';

/** Inputs of init beside the host itself. */
export interface InitInputs extends HostInspection {
  readonly note: InitNote | null;
  readonly hasOwnDatabase: boolean;
  /** The content of an own database; null: there is none. */
  readonly site: SiteState | Rejected | null;
  /** Another device answers at the requested floating address. */
  readonly isVipAnswering: boolean;
}

/** The findings, and, without an error, the values to begin with. */
export type Preflight = { readonly findings: readonly HostFinding[]; readonly plan: InitPlan | null };

/** Judges the host. Pure: the same host gives the same findings. `compile`: the ordinary compiler, for what the services refuse. */
export function judgeInit(
  seen: InitInputs,
  options: InitOptions,
  compile: (seed: Seed) => readonly string[],
): Preflight {
  const findings = startFindings();
  const { error } = findings;
  checkHost(seen, 'regent init', findings);
  checkVersions(seen, findings);
  const isInterrupted = seen.note !== null;
  checkData(seen, isInterrupted, findings);
  checkPorts(seen, true, findings);
  checkNotes(seen, findings);
  checkRackConf(seen, findings);
  checkDatabase(seen, findings);
  const plan = seen.note === null ? newPlan(seen, options, error) : resumePlan(seen, seen.note, options, error);
  if (plan !== null && plan.vip !== null) checkVip(seen, plan, findings);
  if (plan !== null && !hasError(findings.all)) checkPlan(plan, compile, findings);
  return verdict(findings, plan);
}

/** Megabytes that a copy of the private database's data needs, and that are free at its target. */
export type AdoptionSpace = { readonly needed: number; readonly free: number };

/** Room for the files that PostgreSQL writes while it serves from the copy. */
const MARGIN_MEGABYTES = 500;

/** Judges a host whose single node of an earlier version becomes a cluster's first member. Pure. `space`: null if unknown or not needed. */
export function judgeAdoption(seen: HostInspection, space: AdoptionSpace | null): readonly HostFinding[] {
  const findings = startFindings();
  const { error } = findings;
  checkVersions(seen, findings);
  checkData(seen, false, findings);
  checkPorts(seen, true, findings);
  for (const conf of [parseConfFile(PATHS.conf, seen.conf ?? ''), parseRackConf(PATHS.rackConf, seen.rackConf ?? '')])
    if (isRejected(conf)) error(conf.message);
  if (space !== null && space.free < space.needed + MARGIN_MEGABYTES)
    error(
      `The database's data (${space.needed} MB) are copied to /var/lib/postgresql. ${space.free} MB are free there, but ${space.needed + MARGIN_MEGABYTES} MB are needed, because the old data are deleted last. Make room on that file system.`,
    );
  return findings.all;
}

/** Characters of a whole name, dots included. */
const NAME_MAX = 253;

/** What a service would refuse later is refused before any change. The ids stand for those that are drawn later. */
function checkPlan(plan: InitPlan, compile: (seed: Seed) => readonly string[], { error }: HostFindings): void {
  const family = checkVipFamily(plan.vip, plan.address, '--address');
  const whole = `${plan.name}.${plan.domain}`;
  if (family) error(family.message);
  else if (whole.length > NAME_MAX)
    error(
      `--domain: the full name of the node ${plan.name} would have ${whole.length} characters. Rule: at most ${NAME_MAX} (RFC 1035 §2.3.4).`,
    );
  else for (const sentence of compile({ ...plan, nodeId: 'seed', clusterId: 'regent-seed' })) error(sentence);
}

function newPlan(seen: InitInputs, options: InitOptions, error: HostFindings['error']): InitPlan | null {
  const name = nameOf(seen.facts, options.name);
  if (isRejected(name)) error(`${name.message} Give another one with --name.`);
  const address = addressOf(seen.facts, options.address);
  if (isRejected(address)) error(address.message);
  if (isRejected(name) || isRejected(address)) return null;
  return {
    name,
    address,
    domain: options.domain ?? INIT_DEFAULTS.domain,
    vip: options.vip,
    virtualRouter: options.virtualRouter ?? INIT_DEFAULTS.virtualRouter,
    isRack: options.isRack,
    isDatabaseExternal: seen.hasOwnDatabase,
  };
}

/** etcd, PostgreSQL and certificates have this name and address, so a request for another one cannot change them. */
function resumePlan(
  { hasOwnDatabase }: InitInputs,
  note: InitNote,
  options: InitOptions,
  error: HostFindings['error'],
): InitPlan | null {
  const changes = [
    ['--name', options.name, note.name],
    ['--address', options.address, note.address],
    ['--domain', options.domain, note.domain],
    ['--vip', options.vip, note.vip],
    ['--virtual-router', options.virtualRouter, note.virtualRouter],
  ] as const;
  const other = changes.find(([, requested, stored]) => requested !== null && requested !== stored);
  const start = 'An interrupted init began this cluster with';
  const end = 'Run the command with the same values, or undo the first run and start again: regent leave --undo';
  if (note.isDatabaseExternal !== hasOwnDatabase) {
    const [stored, requested] = note.isDatabaseExternal
      ? ['a database of your own (--database)', 'none is named']
      : ['its own database', 'another one is named'];
    error(`${start} ${stored}, and ${requested} now. ${end}`);
    return null;
  }
  if (other === undefined) return note;
  const [flag, requested, stored] = other;
  error(`${start} ${flag} ${stored ?? '(none)'}, and ${requested} is requested now. ${end}`);
  return null;
}

function checkNotes({ note, notes }: InitInputs, { error, warn }: HostFindings): void {
  if (notes.isJoinDone)
    error('This host has joined a cluster already. A node of a cluster cannot start another cluster.');
  else if (notes.isJoin)
    error('A join of this host was interrupted. Go on with it (the same regent join), or undo it: regent leave --undo');
  if (note !== null) warn('An earlier init was interrupted; this one goes on where it stopped.');
}

/** A rack of another site does not become a site of its own by mistake. What an interrupted init wrote is no other site. */
function checkRackConf(seen: InitInputs, { error }: HostFindings): void {
  const conf = parseRackConf(PATHS.rackConf, seen.rackConf ?? '');
  if (isRejected(conf)) {
    error(conf.message);
    return;
  }
  const own = ownAddresses(seen.facts);
  const isOwn = (url: string) => own.some((address) => apiUrl(address, portOf(url)) === url);
  const other = conf.urls.find((url) => !isOwn(url));
  if (other === undefined || seen.note !== null || seen.notes.isInitDone) return;
  error(
    `${PATHS.rackConf} makes this host a rack of ${other}. Remove MAAS_URL from that file if this host is to be a site of its own.`,
  );
}

/** The oldest server with all that the schema and the sessions use; older ones have no `client_connection_check_interval`. */
const SERVER_OLDEST = 150_000;
const SERVER_TRIED = 170_000;

function checkDatabase({ site, note, notes, hasOwnDatabase }: InitInputs, { error, warn }: HostFindings): void {
  if (hasOwnDatabase)
    warn(
      `The cluster will use the database of DATABASE_URL (${PATHS.conf}), and its nodes run none. Regent then cannot guarantee that acknowledged writes survive a failover, or how long a failover takes. Both depend on that database.`,
    );
  if (site === null) return;
  if (isRejected(site)) {
    error(`The database of DATABASE_URL (${PATHS.conf}) does not answer: ${site.message}`);
    return;
  }
  if (note === null && !notes.isInitDone && site.nodes.length > 0) error(siteTaken(site));
  if (site.server === undefined) return;
  const { version, encoding, isPlain } = site.server;
  const shown = `PostgreSQL ${Math.floor(version / 10_000)}`;
  if (version < SERVER_OLDEST)
    error(`The database of DATABASE_URL is ${shown}. PostgreSQL 15 or newer is needed; Regent is tested with 17.`);
  else if (version < SERVER_TRIED)
    warn(`The database of DATABASE_URL is ${shown}. Regent is tested with PostgreSQL 17.`);
  if (encoding !== 'UTF8')
    error(
      `The database of DATABASE_URL has the encoding ${encoding}. It must be UTF8: create database NAME encoding 'UTF8'`,
    );
  if (isPlain)
    warn(
      'Sessions with the database of DATABASE_URL are not encrypted, but they carry secrets of the site. Better: sslmode=verify-full',
    );
}

/** The sentence for a database that is somebody else's site. */
export function siteTaken(site: SiteState): string {
  const names = site.nodes.map((node) => node.name).join(', ');
  return `The database already holds a site with these nodes: ${names}. init makes a new site and never takes over an existing one. Give it an empty database (DATABASE_URL in ${PATHS.conf}).`;
}

function checkVip(seen: InitInputs, plan: InitPlan, { error }: HostFindings): void {
  const vip = parseVip(plan.vip ?? '', [plan.address]);
  if (isRejected(vip)) {
    error(vip.message);
    return;
  }
  const [bare = ''] = vip.split('/');
  if (seen.note !== null) return;
  if (ownAddresses(seen.facts).includes(bare))
    error(
      `The floating address ${bare} is on an interface of this host already. Rule: an address that no interface has, because keepalived assigns it.`,
    );
  else if (seen.isVipAnswering)
    error(
      `Another device answers at the floating address ${bare} already. Choose a free address, or find out which device it is: ip neigh show to ${bare}`,
    );
}
