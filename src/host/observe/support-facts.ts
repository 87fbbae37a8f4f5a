import { readFile } from 'node:fs/promises';
import { sentenceOf } from '../../core/errors.ts';
import type { ProcessCommand } from '../../core/host-values.ts';
import { runCommand } from '../exec.ts';

/** A text of this host: a file, or what a command prints. */
type Fact = { readonly file: string } | { readonly argv: readonly string[] };

const file = (path: string): Fact => ({ file: path });
const command = (...argv: readonly string[]): Fact => ({ argv });
const UNITS = [
  'regent-*',
  'etcd*',
  'patroni*',
  'haproxy*',
  'keepalived*',
  'named*',
  'squid*',
  'chrony*',
  'kea-*',
].concat(['nginx*', 'tftpd-hpa*', 'tgt*', 'nftables*', 'postgresql*']);
const UNIT_MEMBERS =
  'Id,ActiveState,SubState,Result,NRestarts,ExecMainStatus,StateChangeTimestamp,MemoryCurrent,DropInPaths';

/**
 * Facts of a host for a support bundle, by the name of their part. Every command is harmless, needs no right, and runs with a time limit; one that is not
 * there is reported in its place.
 */
export const SUPPORT_FACTS: Readonly<Record<string, readonly Fact[]>> = {
  'facts-host': [
    file('/etc/os-release'),
    file('/proc/version'),
    file('/proc/cmdline'),
    file('/proc/uptime'),
    file('/proc/loadavg'),
    file('/proc/meminfo'),
    file('/proc/pressure/cpu'),
    file('/proc/pressure/io'),
    file('/proc/pressure/memory'),
    file('/etc/regent/rack.conf'),
    command('/usr/bin/df', '-P', '-T', '-x', 'overlay'),
    command('/usr/bin/dpkg-query', '-W', '-f', '${Package} ${Version} ${db:Status-Status}\n'),
  ],
  'facts-network': [
    command('/usr/sbin/ip', '-d', '-s', 'address'),
    command('/usr/sbin/ip', 'rule'),
    command('/usr/sbin/ip', 'route', 'show', 'table', 'all'),
    command('/usr/sbin/ip', '-6', 'route', 'show', 'table', 'all'),
    command('/usr/sbin/ip', 'neighbour'),
    command('/usr/bin/ss', '-ltunH'),
    file('/etc/resolv.conf'),
    file('/etc/hosts'),
    file('/proc/net/dev'),
    file('/proc/net/snmp'),
    file('/proc/net/netstat'),
  ],
  'facts-clock': [
    command('/usr/bin/date', '--utc', '+%Y-%m-%dT%H:%M:%S.%NZ'),
    command('/usr/bin/chronyc', '-n', 'tracking'),
    command('/usr/bin/chronyc', '-n', 'sources'),
    file('/etc/timezone'),
    file('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
  ],
  'facts-units': [
    command('/usr/bin/systemctl', 'list-units', '--all', '--no-pager', '--plain', ...UNITS),
    command('/usr/bin/systemctl', 'show', '--no-pager', `--property=${UNIT_MEMBERS}`, ...UNITS),
    command('/usr/bin/systemctl', 'list-timers', '--all', '--no-pager', '--plain'),
    command('/usr/bin/systemctl', '--failed', '--no-pager', '--plain'),
  ],
};

const COMMAND_MS = 4000;

/** Runs a command; of `exec.ts` or a fake one. */
export type RunFact = (command: ProcessCommand) => ReturnType<typeof runCommand>;

/** The text of a part of `SUPPORT_FACTS`, each fact under its name. Never throws. */
export async function readSupportFacts(part: string, run: RunFact = runCommand): Promise<string> {
  const facts = Object.hasOwn(SUPPORT_FACTS, part) ? (SUPPORT_FACTS[part] ?? []) : [];
  const texts = await Promise.all(facts.map((fact) => textOf(fact, run)));
  return texts.join('\n');
}

async function textOf(fact: Fact, run: RunFact): Promise<string> {
  if ('file' in fact) {
    const text = await readFile(fact.file, 'utf8').catch((error) => `(cannot be read: ${sentenceOf(error)})`);
    return `== ${fact.file}\n${text.trimEnd()}\n`;
  }
  const { code, stdout, stderr, failure, timedOut } = await run({ argv: fact.argv, timeoutMs: COMMAND_MS });
  const end = failure ?? (timedOut ? `no end within ${COMMAND_MS / 1000} s` : code === 0 ? null : `ended with ${code}`);
  const errors = stderr.trim() === '' ? '' : `${stderr.trimEnd()}\n`;
  const name = fact.argv.join(' ').replaceAll('\n', '\\n');
  return `== ${name}\n${stdout.trimEnd()}\n${errors}${end === null ? '' : `(${end})\n`}`;
}
