import { AppError } from '../../core/errors.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import type { HostPorts } from '../ports.ts';

/** A member of etcd as in `etcdctl member list`. `name`: '' while it has never started. `id`: hexadecimal. */
export interface EtcdMember {
  readonly id: string;
  readonly name: string;
  readonly isStarted: boolean;
  readonly isLearner: boolean;
  readonly peerUrls: readonly string[];
}

/** etcd of the cluster, over mutual TLS with this node's certificate. Faults are AppErrors `etcd` with etcd's message. */
export interface Etcd {
  readonly members: () => Promise<readonly EtcdMember[]>;
  /** Adds it as a learner: it has no vote until it is promoted, so it cannot cost the majority. */
  readonly addLearner: (name: string, peerUrl: string) => Promise<void>;
  readonly promote: (id: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

const DIAL = '--dial-timeout=2s';
const COMMAND = '--command-timeout=6s';
const COMMAND_MS = 10_000;

/** The URL by which members reach a member. */
export function peerUrl(address: string): string {
  return `https://${bracketed(address)}:${PORTS.etcdPeer}`;
}

/** Opens etcd by its members' addresses. */
export function openEtcd({ host }: HostPorts, addresses: readonly string[]): Etcd {
  const endpoints = addresses.map((address) => `https://${bracketed(address)}:${PORTS.etcdClient}`).join(',');
  const member = async (...args: readonly string[]): Promise<string> => {
    const trust = [
      `--cacert=${TRUST_FILES.authority.path}`,
      `--cert=${TRUST_FILES.certificate.path}`,
      `--key=${TRUST_FILES.key.path}`,
    ];
    const argv = ['etcdctl', `--endpoints=${endpoints}`, ...trust, DIAL, COMMAND, 'member', ...args];
    const answer = await host.exec({ argv, timeoutMs: COMMAND_MS });
    if (answer.code === 0) return answer.stdout;
    const why = readEtcdMessage(answer.stderr) || answer.failure || 'no answer in time';
    throw new AppError('etcd', `etcd refused "member ${args[0] ?? ''}": ${why}${remedyOf(why)}`);
  };
  return {
    members: async () => parseMembers(await member('list', '--write-out=simple')),
    addLearner: async (name, url) => {
      await member('add', name, '--learner', `--peer-urls=${url}`);
    },
    promote: async (id) => {
      await member('promote', id);
    },
    remove: async (id) => {
      await member('remove', id);
    },
  };
}

/** Reads `ID, started, NAME, PEER-URLS, CLIENT-URLS, IS-LEARNER` lines. A line of another form is a fault. */
export function parseMembers(text: string): EtcdMember[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^([0-9a-f]+), (started|unstarted), ([^,]*), (.*), (true|false)$/.exec(line.trim());
      const [, id = '', status, name = '', urls = '', learner] = match ?? [];
      if (match === null) throw new AppError('etcd', 'the list of etcd members cannot be read');
      const peerUrls = urls.split(/,\s*/).filter((url) => url.endsWith(`:${PORTS.etcdPeer}`));
      return { id, name, isStarted: status === 'started', isLearner: learner === 'true', peerUrls };
    });
}

/** etcd takes in nobody, not even a learner, while one of its voters is away: another one would not make the cluster safer. */
function remedyOf(why: string): string {
  if (!/unhealthy cluster/.test(why)) return '';
  return '. A region node is away, and etcd accepts no new member until it returns. Bring it back, or run on a region node: regent node replace NAME, or regent node remove NAME. Then this command continues';
}

/** etcd's message: the last line, taken out of its JSON. */
function readEtcdMessage(stderr: string): string {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const [, error] = /"error":"((?:[^"\\]|\\.)*)"/.exec(last) ?? [];
  return (error ?? last).replace(/^Error: /, '').slice(0, 300);
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
