import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { Client } from '../../../src/contract/client.ts';
import { run } from '../../../src/lab/command.ts';
import type { Layout } from '../../../src/lab/layout.ts';
import { execClient } from '../../../src/lab/exec.ts';

const CALL_MS = 30_000;
const BANNER_MS = 1500;
/** The user that cloud-init makes in a Debian image. */
const USER = 'debian';

/** Prints what an sshd says first; `$0` is its address. */
const READ_BANNER = 'head --lines=1 <"/dev/tcp/$0/22"';

/** A user's key and the way to machines by their names, from a client of a network. */
export interface Login {
  /** The address that a name has for clients, null where it has none. */
  addressOf(name: string): Promise<string | null>;
  /** Standard output of a command on the machine of this name; null where nobody gets in. It tries once its sshd says that it is there. */
  ask(name: string, command: string): Promise<string | null>;
  /** Takes the key away again. */
  close(): Promise<void>;
}

/** Makes a key and tells the region of it. */
export async function openLogin(client: Client, layout: Layout, network: string): Promise<Login> {
  const folder = mkdtempSync(join(tmpdir(), 'regent-login-'));
  const file = join(folder, 'key');
  await need(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', file]);
  const { body } = await client.call('ssh-key.add', { body: { key: readFileSync(`${file}.pub`, 'utf8').trim() } });
  const options = ['BatchMode=yes', 'LogLevel=ERROR', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  const ssh = ['ssh', ...options.flatMap((one) => ['-o', one]), '-o', 'ConnectTimeout=8', '-i', file];

  const addressOf = async (name: string) => {
    const asked = await execClient(layout, network, ['dig', '+short', '+time=1', '+tries=1', name], {
      timeoutMs: CALL_MS,
    });
    return (
      asked.stdout
        .trim()
        .split('\n')
        .find((line) => /^[0-9.]+$/.test(line)) ?? null
    );
  };
  return {
    addressOf,
    ask: async (name, command) => {
      const address = await addressOf(name);
      if (address === null) return null;
      const inside = ['nsenter', `--net=/run/netns/${layout.clientNetns(network)}`, '--'];
      // ssh waits for seconds where nobody answers yet, and would miss the moment.
      const banner = await run([...inside, 'bash', '-c', READ_BANNER, address], { timeoutMs: BANNER_MS });
      if (!banner.stdout.startsWith('SSH-')) return null;
      const { code, stdout } = await run([...inside, ...ssh, `${USER}@${address}`, command], { timeoutMs: CALL_MS });
      return code === 0 ? stdout.trim() : null;
    },
    close: async () => {
      await client.call('ssh-key.delete', { params: { sshKey: String(body.id) } }).catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function need(argv: readonly string[]): Promise<void> {
  const { code, stderr } = await run(argv, { timeoutMs: CALL_MS });
  if (code !== 0) throw new Error(`${argv[0] ?? ''}: ${stderr.trim()}`);
}
