import { formatCount } from '../../core/count-text.ts';
import type { CommandRule, ExecResult, NameQuestion, ProcessCommand } from '../../core/host-values.ts';
import type { Activation, FileChange, OutsideNeed, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { newestZones } from './copies.ts';
import type { DnsDesired } from './desired.ts';
import { type DnsFacts, readSoa } from './facts.ts';
import { parseProbeCopies } from './probe-copies.ts';
import { KEYS_CONF, LOCAL_CONF, localZoneOfFile, NAMED_CHECK, NAMED_CONF, zoneOfFile } from './view.ts';

const USER = 'bind';
const CHECKCONF = '/usr/bin/named-checkconf';
// `local`: questions about other zones' names would go to the network. The model's grammar of names is tighter than
// named's check of owner names, which refuses "_" where RFC 8552 wants it.
const CHECKZONE = ['/usr/bin/named-checkzone', '-i', 'local', '-k', 'ignore'];
// rndc would wait 60 s for a hung daemon.
const RNDC = ['/usr/sbin/rndc', '-t', '10', '-k', '/etc/bind/rndc.key', '-s', '127.0.0.1', '-p', '953'];
const NAMESERVER = '127.0.0.1';
const ASK_MS = 1000;
/** A resolver that has to ask others first takes longer. */
const UPSTREAM_MS = 3000;
/** Above this number of changed zones one reload of all is cheaper: named skips unchanged files. */
const SINGLE_RELOADS_MAX = 8;
/** Queried when there are no zones: usually a zone of named itself (RFC 6303 §4.2). */
const BUILT_IN_ZONE = '127.in-addr.arpa';
const ZONE_PATTERN = '[a-z0-9_][a-z0-9._-]{0,252}';
// Journals of earlier changes. named does not load a zone that comes back with another serial beside its old journal.
const FORGET_JOURNALS = ['/usr/bin/find', '/var/cache/bind', '-maxdepth', '1', '-name', 'ixfr-*', '-delete'];
const STAGED_PATTERN = '/etc/bind/regent/\\.stage(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)+';

/** Command lines that the helper accepts for `dns`. */
export const DNS_COMMANDS: readonly CommandRule[] = [
  { argv: [CHECKCONF, { pattern: STAGED_PATTERN }], isChecker: true },
  { argv: [CHECKCONF, NAMED_CONF], isChecker: true },
  { argv: [CHECKCONF, NAMED_CHECK], isChecker: true },
  { argv: FORGET_JOURNALS },
  { argv: [...CHECKZONE, { pattern: ZONE_PATTERN }, { pattern: STAGED_PATTERN }], isChecker: true },
  { argv: [...RNDC, 'reconfig'] },
  { argv: [...RNDC, 'reload'] },
  { argv: [...RNDC, 'reload', { pattern: ZONE_PATTERN }] },
  { argv: [...RNDC, 'scan'] },
  { argv: ['/usr/sbin/named', '-v'] },
];

/**
 * named-checkconf checks named.conf, named-checkzone each changed zone, as the daemon's user. named.conf is checked at every change: it includes
 * foreign files, and nothing must make a running named restart with a file on which it would not start.
 */
export function checkDns(staged: readonly StagedFile[]): readonly ProcessCommand[] {
  if (!staged.some((file) => file.isChanged)) return [];
  // If there are keys, the checker reads a copy of named.conf, because the keys may not be installed yet.
  const main = staged.some((file) => file.target === NAMED_CHECK) ? NAMED_CHECK : NAMED_CONF;
  return staged
    .filter((file) => (file.isChanged && file.target !== NAMED_CONF) || file.target === main)
    .map((file) => {
      const zone = zoneOfFile(file.target) ?? localZoneOfFile(file.target);
      const argv = zone === null ? [CHECKCONF, file.staged] : [...CHECKZONE, zone, file.staged];
      return { argv, user: USER, timeoutMs: 20_000 };
    });
}

/**
 * How named takes new files. `reconfig` takes every line of our named.conf (clients, forwarders, limits, zones that come and go) without dropping a
 * question. It does not read the files of known zones, so those are reloaded by name. Only the first named.conf needs a start. When a zone comes,
 * journals are removed: named makes new ones, and each copying server has its present content.
 */
export function activateDns(changes: readonly FileChange[]): Activation {
  const conf = changes.find((change) => change.target === NAMED_CONF);
  if (conf?.kind === 'added') return { kind: 'restart', why: 'named.conf is new: named reads it when it starts' };
  if (conf?.kind === 'removed') return { kind: 'none', why: 'named.conf is gone: named does not run without it' };
  if (changes.some((change) => change.target === LOCAL_CONF))
    return {
      kind: 'restart',
      why: 'local zones came or went: named binds zones of the catalog to their names when it starts',
    };
  // reconfig loads a zone that is new in named.conf.
  const isKeyChange = changes.some((change) => change.target === KEYS_CONF);
  const known = changes.filter((change) => change.kind === 'changed' || (change.kind === 'added' && !conf));
  const names = known.flatMap((change) => zoneOfFile(change.target) ?? []);
  const hasNewZone = changes.some((change) => change.kind === 'added' && zoneOfFile(change.target) !== null);
  const forget: ProcessCommand[] = conf && hasNewZone ? [{ argv: FORGET_JOURNALS, user: USER, timeoutMs: 10_000 }] : [];
  if (changes.some((change) => change.kind === 'changed' && localZoneOfFile(change.target) !== null)) {
    const commands = conf || isKeyChange ? [...forget, rndc('reconfig'), rndc('reload')] : [rndc('reload')];
    return command(commands, 'a file that several local zones share changed: named reloads what changed');
  }
  if (names.length > SINGLE_RELOADS_MAX)
    return command([...forget, rndc('reload')], `${names.length} zones changed: named reloads what changed`);
  const reloads = names.map((name) => rndc('reload', name));
  const zonesWhy = `changed zones are reloaded by name: ${names.join(', ')}`;
  if (conf || isKeyChange) {
    const why = conf
      ? 'named.conf changed: reconfig takes its options and the zones that came or went'
      : 'a key changed: reconfig takes it';
    return command([...forget, rndc('reconfig'), ...reloads], names.length > 0 ? `${why}; ${zonesWhy}` : why);
  }
  if (reloads.length > 0) return command(reloads, zonesWhy);
  return { kind: 'none', why: 'no file that named reads has changed' };
}

/** named must listen at once on a virtual address that came, and stop on one that went. The database's primary does not matter for names. */
export function roleChangeDns(role: RoleChange): Activation {
  if (role.kind === 'vip')
    return command(
      [rndc('scan')],
      `this node is now ${role.state} for the virtual IP: named reads the addresses to listen on`,
    );
  return { kind: 'none', why: 'named does not use the database' };
}

/** Asks this node's named for the SOA of the zones that changed last, which have the highest serials. */
export function probeDns(desired: DnsDesired): readonly NameQuestion[] {
  return probedZones(desired).map(({ name }) => ({ nameserver: NAMESERVER, name, timeoutMs: ASK_MS }));
}

/** Asks each resolver that it forwards to (`upstream_dns`) for the root, and each server of a forwarded domain for that domain. */
export function outsideDns({ forwarders, forwarded = [] }: DnsDesired): readonly OutsideNeed[] {
  const resolvers = forwarders.map((nameserver) => ({
    place: nameserver,
    question: { nameserver, name: '.', isRecursive: true as const, timeoutMs: UPSTREAM_MS },
  }));
  const servers = forwarded.flatMap(({ zone, servers: own }) =>
    own.map(({ address, port }) => ({
      place: `${address}${port === 53 ? '' : ` port ${port}`} (${zone})`,
      question: { nameserver: address, port, name: zone, isRecursive: true as const, timeoutMs: UPSTREAM_MS },
    })),
  );
  return [...resolvers, ...servers];
}

/** Healthy: every answer has the serial that was published. On a rack: `parseProbeCopies`. */
export function parseProbeDns(answers: readonly ExecResult[], desired: DnsDesired): ServiceHealth {
  if (desired.copies !== undefined) return parseProbeCopies(answers, desired.copies);
  for (const [index, { name, serial }] of probedZones(desired).entries()) {
    const problem = problemOf(answers[index], serial);
    if (problem !== null) return { isHealthy: false, detail: `SOA of ${name} at ${NAMESERVER}: ${problem}` };
  }
  const [latest] = probedZones(desired);
  const what = latest?.serial === null ? `the built-in ${BUILT_IN_ZONE}` : `${latest?.name} serial ${latest?.serial}`;
  const facts: DnsFacts = {
    serials: Object.fromEntries(
      probedZones(desired).flatMap(({ name, serial }) => (serial === null ? [] : [[name, serial]])),
    ),
  };
  return {
    isHealthy: true,
    detail: `named answers with ${what}; ${formatCount(desired.zones.length, 'zone')} published`,
    facts: { ...facts },
  };
}

/** `serial` null: any answer is good. */
function probedZones({
  zones,
  copies,
}: DnsDesired): readonly { readonly name: string; readonly serial: number | null }[] {
  if (copies !== undefined) return copies.published;
  return zones.length === 0 ? [{ name: BUILT_IN_ZONE, serial: null }] : newestZones(zones);
}

function problemOf(answer: ExecResult | undefined, serial: number | null): string | null {
  if (!answer) return 'no query was sent';
  if (answer.failure !== null) return answer.failure;
  const { status, serial: found } = readSoa(answer);
  if (status === null) return 'no answer within a second';
  // Any answer proves life; with `forward only` named keeps no zones of its own.
  if (serial === null) return null;
  if (status !== 'NOERROR') return `it answered ${status}`;
  if (found === null) return 'the answer has no SOA record';
  return found === serial ? null : `its serial is ${found}, published is ${serial}`;
}

function rndc(...args: readonly string[]): ProcessCommand {
  return { argv: [...RNDC, ...args], user: USER, timeoutMs: 15_000 };
}

const command = (commands: readonly ProcessCommand[], why: string): Activation => ({ kind: 'command', commands, why });
