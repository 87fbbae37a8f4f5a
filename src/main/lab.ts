import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '../core/errors.ts';
import { ensureBase, type Progress } from '../lab/base.ts';
import type { CommandResult } from '../lab/command.ts';
import { askForLease, type DhcpClientOrder, execDhcpClient, leaseText } from '../lab/dhcp/client.ts';
import { execClient, execHost } from '../lab/exec.ts';
import { serveForward } from '../lab/forward.ts';
import { down, kill, setHostFrozen, setUnitPaused, stop, up } from '../lab/lab.ts';
import { layoutOf } from '../lab/layout.ts';
import { installProduct, type ProductOrder, productText } from '../lab/product.ts';
import { needState } from '../lab/state.ts';
import { labStatus, statusText } from '../lab/status.ts';
import { SINGLE, type Topology } from '../lab/topology.ts';
import { systemRandom } from './process.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const PACKAGES_FILE = join(CHECKOUT, 'scripts', 'packages.txt');
const DEFAULT_TIMEOUT_S = 60;

const USAGE = `scripts/lab VERB: whole Debian 13 hosts on this machine. REGENT_LAB names the instance (default: lab).

  up --single                    boot the hosts of a topology; what runs is left alone
  down [--purge]                 stop them; --purge removes their files too
  status [-o json]               what runs, addresses
  exec [--timeout S] HOST -- …   run a command in a host (default deadline ${DEFAULT_TIMEOUT_S} s, 0: a day)
  logs HOST [UNIT]               the host's journal
  client [--timeout S] VLAN -- … run a command as a client of that network with a fixed address
  client VLAN --dhcp [-- …]      a machine of its own there, with a real DHCP client: tells its lease, or runs a command;
         [--mac M] [--hostname N] without --mac it is always the same machine
  kill | stop | start HOST       cut the power; power off; boot
  freeze | thaw HOST             stop or continue the whole host at once
  pause | resume HOST UNIT       SIGSTOP or SIGCONT to every process of a unit
  base                           build the root file system, print its folder
  product HOST ARCHIVE           install a release in a host, set it up, make .regent/context.json
`;

/** Words after `--`, and those before it. */
function splitWords(words: readonly string[]): { before: string[]; command: string[] } {
  const at = words.indexOf('--');
  return at < 0 ? { before: [...words], command: [] } : { before: words.slice(0, at), command: words.slice(at + 1) };
}

function usage(problem: string): AppError {
  return new AppError('usage', `${problem}\n\n${USAGE}`);
}

function progressFrom(start: number): Progress {
  return (text) => process.stderr.write(`[${String(Math.round((Date.now() - start) / 1000)).padStart(4)} s] ${text}\n`);
}

interface Call {
  readonly verb: string;
  readonly args: readonly string[];
  readonly command: readonly string[];
  readonly options: { readonly single?: boolean; readonly purge?: boolean; readonly keepBase?: boolean };
  readonly dhcp: { readonly isWanted: boolean; readonly mac?: string; readonly hostname?: string };
  readonly output: string;
  readonly timeoutMs: number;
}

function parseCall(words: readonly string[]): Call {
  const { before, command } = splitWords(words);
  const { values, positionals } = parseArgs({
    args: before,
    allowPositionals: true,
    options: {
      single: { type: 'boolean' },
      purge: { type: 'boolean' },
      'keep-base': { type: 'boolean' },
      output: { type: 'string', short: 'o' },
      timeout: { type: 'string' },
      dhcp: { type: 'boolean' },
      mac: { type: 'string' },
      hostname: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [verb = values.help ? 'help' : '', ...args] = positionals;
  const timeout = Number(values.timeout ?? DEFAULT_TIMEOUT_S);
  if (!Number.isFinite(timeout) || timeout < 0) throw usage(`--timeout ${values.timeout} is not a number of seconds.`);
  const options = {
    ...(values.single ? { single: true } : {}),
    ...(values.purge ? { purge: true } : {}),
    ...(values['keep-base'] ? { keepBase: true } : {}),
  };
  const dhcp = {
    isWanted: values.dhcp === true,
    ...(values.mac === undefined ? {} : { mac: values.mac }),
    ...(values.hostname === undefined ? {} : { hostname: values.hostname }),
  };
  if (!dhcp.isWanted && (values.mac ?? values.hostname) !== undefined) {
    throw usage('--mac and --hostname are a DHCP client’s: add --dhcp.');
  }
  return {
    verb,
    args,
    command,
    options,
    dhcp,
    output: values.output ?? 'text',
    timeoutMs: timeout === 0 ? 86_400_000 : timeout * 1000,
  };
}

function word(call: Call, index: number, name: string): string {
  const value = call.args[index];
  if (value === undefined) throw usage(`${call.verb}: ${name} is missing.`);
  return value;
}

async function runAttached(call: Call, where: 'host' | 'client'): Promise<number> {
  const layout = instanceLayout();
  if (call.command.length === 0) throw usage(`${call.verb}: the command after -- is missing.`);
  const options = { timeoutMs: call.timeoutMs, isAttached: true };
  const name = word(call, 0, where === 'host' ? 'HOST' : 'VLAN');
  return codeOf(call, await (where === 'host' ? execHost : execClient)(layout, name, call.command, options));
}

/** A DHCP client with a command, or without one: then its lease is the answer. */
async function runDhcpClient(call: Call): Promise<number> {
  const { isWanted: _, ...nic } = call.dhcp;
  const ending = new AbortController();
  // A terminal's Ctrl-C is the command's matter; a request to end ends the client, and then we tidy up as always.
  process
    .on('SIGINT', () => undefined)
    .on('SIGTERM', () => ending.abort())
    .on('SIGHUP', () => ending.abort());
  const order: DhcpClientOrder = {
    layout: instanceLayout(),
    network: word(call, 0, 'VLAN'),
    signal: ending.signal,
    ...nic,
  };
  if (call.command.length > 0) {
    return codeOf(call, await execDhcpClient(order, call.command, { timeoutMs: call.timeoutMs, isAttached: true }));
  }
  const lease = await askForLease(order, call.timeoutMs);
  process.stdout.write(call.output === 'json' ? `${JSON.stringify(lease, null, 2)}\n` : leaseText(lease));
  return 0;
}

function codeOf(call: Call, result: CommandResult): number {
  if (!result.isTimeout) return result.code ?? 1;
  process.stderr.write(
    `lab: the command did not end within ${call.timeoutMs / 1000} s and was killed; --timeout S allows more\n`,
  );
  return 124;
}

function instanceLayout() {
  return layoutOf(process.env['REGENT_LAB'] || 'lab');
}

async function bringUp(topology: Topology, progress: Progress): Promise<void> {
  await up({
    layout: instanceLayout(),
    topology,
    packagesFile: PACKAGES_FILE,
    program: import.meta.filename,
    progress,
  });
}

/** Verbs that change the lab. */
async function change(call: Call, progress: Progress): Promise<number> {
  const layout = instanceLayout();
  switch (call.verb) {
    case 'up':
      if (call.options.single !== true) throw usage('up: name a topology; there is --single.');
      await bringUp(SINGLE, progress);
      process.stderr.write(statusText(labStatus(layout)));
      return 0;
    case 'down':
      await down({ layout, isPurge: call.options.purge === true, keepBases: call.options.keepBase === true, progress });
      return 0;
    case 'kill':
      await kill(layout, word(call, 0, 'HOST'));
      return 0;
    case 'stop':
      await stop(layout, word(call, 0, 'HOST'));
      return 0;
    case 'start':
      word(call, 0, 'HOST');
      await bringUp(needState(layout).topology, progress);
      return 0;
    case 'freeze':
    case 'thaw':
      setHostFrozen(layout, word(call, 0, 'HOST'), call.verb === 'freeze');
      return 0;
    case 'pause':
    case 'resume':
      await setUnitPaused(layout, word(call, 0, 'HOST'), word(call, 1, 'UNIT'), call.verb === 'pause');
      return 0;
    case 'product': {
      const order: ProductOrder = {
        layout,
        host: word(call, 0, 'HOST'),
        archive: resolve(word(call, 1, 'ARCHIVE')),
        random: systemRandom(),
        contextFile: join(CHECKOUT, '.regent', 'context.json'),
        progress,
      };
      process.stdout.write(productText(order, await installProduct(order)));
      return 0;
    }
    default:
      throw usage(call.verb === '' ? 'A verb is missing.' : `There is no verb "${call.verb}".`);
  }
}

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === 'forward') {
    serveForward(Number(words[1]));
    return -1;
  }
  const call = parseCall(words);
  const progress = progressFrom(Number(process.env['REGENT_STARTED']) * 1000 || Date.now());
  switch (call.verb) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'status': {
      const status = labStatus(instanceLayout());
      process.stdout.write(call.output === 'json' ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
      return status.isUp ? 0 : 1;
    }
    case 'exec':
      return runAttached(call, 'host');
    case 'client':
      return call.dhcp.isWanted ? runDhcpClient(call) : runAttached(call, 'client');
    case 'logs': {
      const unit = call.args[1];
      const command = ['journalctl', '--no-pager', '--lines=1000', ...(unit === undefined ? [] : [`--unit=${unit}`])];
      return runAttached({ ...call, command }, 'host');
    }
    case 'base':
      if (!existsSync(PACKAGES_FILE))
        throw new AppError('lab_base', `${PACKAGES_FILE} is missing. What to do: take a complete checkout.`);
      process.stdout.write(`${await ensureBase(PACKAGES_FILE, progress)}\n`);
      return 0;
    default:
      return change(call, progress);
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code >= 0) process.exit(code);
  },
  (error: unknown) => {
    const isOurs =
      error instanceof AppError ||
      (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    const text = error instanceof Error ? (isOurs ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`lab: ${text}\n`);
    process.exit(error instanceof AppError && error.code !== 'usage' ? 1 : 2);
  },
);
