import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatJoinToken, type JoinToken, parseJoinToken } from '../../../src/contract/cluster/token.ts';
import { isRejected } from '../../../src/core/errors.ts';
import type { CommandResult } from '../../../src/lab/command.ts';
import { execHost } from '../../../src/lab/exec.ts';
import { clearHost } from '../../../src/lab/host.ts';
import { placeOf } from '../../../src/lab/lab.ts';
import { removeTree } from '../../../src/lab/mounts.ts';
import { installRelease } from '../../../src/lab/product/install.ts';
import type { ProductOrder } from '../../../src/lab/product/order.ts';
import { labStatus } from '../../../src/lab/status.ts';
import { clusterOf } from '../../../src/lab/topologies.ts';
import { systemRandom } from '../../../src/main/process.ts';
import { makeRelease, openLab, type ProductLab, type TestLab } from '../lab.ts';
import { type Power, powerOf } from './power.ts';

/** Whole hosts with the product installed and nothing set up: a person's hands do the rest. */
export interface HostSet {
  readonly lab: TestLab;
  readonly power: Power;
  /** `regent …` in a host, as its root. */
  regent(host: string, args: readonly string[], input?: string): Promise<CommandResult>;
  /** `regent init …` on r1 to its end; the product as an operator has it. */
  init(args: readonly string[]): Promise<ProductLab>;
  /** A new join token, made on r1. */
  token(role: string): Promise<{ readonly id: string; readonly token: string }>;
  /** `regent join`, the token by standard input. */
  join(host: string, token: string, args: readonly string[]): Promise<CommandResult>;
  /** The same, with all its processes killed, or its host's power cut, so long after it has said that it begins a step. */
  joinCutOff(host: string, token: string, args: readonly string[], when: Moment): Promise<CutOff>;
  /** A new join token of the cluster that a host is in. */
  tokenOf(host: string, role: string): Promise<{ readonly id: string; readonly token: string }>;
  /** A token with something else in it. */
  forge(token: string, change: (token: JoinToken) => JoinToken): string;
  /** What a token proves itself by. */
  secretOf(token: string): Pick<JoinToken, 'id' | 'secret'>;
  /** Names of the members of etcd, with and without a vote, as a host's etcd tells them. */
  etcdMembers(host: string): Promise<string[]>;
  /** A host's disk is lost: a new one, with the product installed. */
  rebuild(host: string): Promise<void>;
  close(): Promise<void>;
}

/** `step`: its number, as the command says it. `isPower`: the host's power is cut, and comes back. */
export interface Moment {
  readonly step: number;
  readonly afterMs: number;
  readonly isPower?: boolean;
}

/** What came of a command that was cut off. `isEnded`: it had ended by itself before. `said`: on standard error. */
export interface CutOff extends Moment {
  readonly isEnded: boolean;
  readonly said: string;
}

const INIT_MS = 240_000;
/** In a host: waits until a file has such a text, and so many seconds more; or until the command that writes it has ended. */
const AWAIT = `for i in $(seq 1500); do
  grep -qs -F "$2" "$1" && { sleep "$3"; exit; }
  [ -e "$1.ended" ] && exit
  sleep 0.1
done`;

/** Boots hosts and installs a release of this checkout in each. */
export async function openHosts(name: string, size: { regions: number; racks: number }): Promise<HostSet> {
  const lab = await openLab(name, clusterOf(size));
  const { layout } = lab;
  try {
    const made = makeRelease();
    const archive = join(layout.folder, basename(made));
    copyFileSync(made, archive);
    const contextFile = join(layout.folder, 'context', '.regent', 'context.json');
    mkdirSync(join(layout.folder, 'context'), { recursive: true });
    const order: ProductOrder = { layout, archive, random: systemRandom(), contextFile, progress: () => {} };
    const names = clusterOf(size).hosts.map((host) => host.name);
    await installRelease(order, names);
    return hostSet(lab, order);
  } catch (cause) {
    await lab.close();
    throw cause;
  }
}

function hostSet(lab: TestLab, order: ProductOrder): HostSet {
  const { layout } = lab;
  const power = powerOf(layout);
  const regent: HostSet['regent'] = (host, args, input) =>
    execHost(layout, host, ['/usr/local/bin/regent', ...args], {
      timeoutMs: INIT_MS,
      ...(input === undefined ? {} : { input }),
    });
  const join: HostSet['join'] = (host, token, args) => regent(host, ['join', '-', ...args], token);
  const tokenOf: HostSet['tokenOf'] = async (host, role) => {
    const result = await regent(host, ['token', 'create', '--role', role, '-o', 'json']);
    if (result.code !== 0) throw new Error(`regent token create: ${result.stderr}`);
    return JSON.parse(result.stdout) as { id: string; token: string };
  };
  return {
    lab,
    power,
    regent,
    join,
    init: async (args) => {
      const result = await regent('r1', [...args, '--json']);
      if (result.code !== 0) throw new Error(`regent ${args.join(' ')}: ${result.stderr}`);
      const { apiKey = '' } = JSON.parse(result.stdout) as { apiKey?: string };
      const url = labStatus(layout).url ?? '';
      return { ...lab, url, apiKey, version: '', isNewKey: true, health: '', archive: order.archive };
    },
    token: (role) => tokenOf('r1', role),
    tokenOf,
    joinCutOff: async (host, token, args, when) => {
      // A unit of its own, so that its end ends all that it started; the token stays on standard input.
      const unit = `join-cut-off-${process.hrtime.bigint()}`;
      const log = `/var/tmp/${unit}`;
      const script = 'log=$1; shift; "$@" 2>"$log"; : >"$log.ended"';
      const line = ['systemd-run', '--quiet', '--pipe', '--wait', `--unit=${unit}`, 'sh', '-c', script, 'sh', log];
      const argv = [...line, '/usr/local/bin/regent', 'join', '-', ...args];
      const running = execHost(layout, host, argv, { timeoutMs: INIT_MS, input: token });
      const wait = ['sh', '-c', AWAIT, 'sh', log, `[${when.step}/`, (when.afterMs / 1000).toFixed(2)];
      await lab.exec(host, wait, INIT_MS);
      const kill = () => lab.exec(host, ['systemctl', 'kill', '--signal=SIGKILL', unit]);
      await (when.isPower ? power.kill(host) : kill());
      await running.catch(() => null);
      if (when.isPower) await power.start(host);
      const said = await lab.ask(host, ['cat', log]);
      const isEnded = (await lab.exec(host, ['test', '-e', `${log}.ended`])).code === 0;
      return { ...when, isEnded, said };
    },
    forge: (text, change) => formatJoinToken(change(tokenIn(text))),
    secretOf: (text) => {
      const { id, secret } = tokenIn(text);
      return { id, secret };
    },
    etcdMembers: async (host) => {
      const pki = '/etc/regent/pki';
      const trust = [`--cacert=${pki}/ca.crt`, `--cert=${pki}/node.crt`, `--key=${pki}/node.key`];
      const argv = ['etcdctl', '--endpoints=https://127.0.0.1:2379', ...trust, 'member', 'list', '--write-out=json'];
      const { members } = JSON.parse(await lab.ask(host, argv)) as { members: { name?: string }[] };
      return members.map(({ name = '(never started)' }) => name).sort();
    },
    rebuild: async (host) => {
      await power.kill(host);
      await clearHost(placeOf(layout, host));
      await removeTree(layout.memberFolder(host));
      await power.start(host);
      await installRelease(order, [host]);
    },
    close: () => lab.close(),
  };
}

function tokenIn(text: string): JoinToken {
  const token = parseJoinToken(text);
  if (isRejected(token)) throw new Error(token.message);
  return token;
}
