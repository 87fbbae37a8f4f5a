import { AppError } from '../../../core/errors.ts';
import { execHost } from '../../../lab/exec.ts';
import type { Act } from '../../hazards/hazard.ts';
import type { Environment } from '../environment.ts';

const RECOVER_MS = 300_000;
const JOIN_MS = 400_000;
const CALL_MS = 30_000;
/** Daemons of which none may run on a host whose epoch is over. */
const DOWN = ['etcd', 'patroni', 'haproxy', 'keepalived', 'regent-regiond', 'regent-agent'];
const REGENT = '/usr/local/bin/regent';
/** Root's key of the lab is saved: later drills command from this host. */
const KEEP = 'if [ -e /root/.config ]; then cp -a /root/.config /root/.saved-config; fi';
const GIVE_BACK =
  'if [ -e /root/.saved-config ]; then rm -rf /root/.config && mv /root/.saved-config /root/.config; fi';

/** Makes a cluster of only this host. The site's name comes from the command's own output, as an operator reads it. */
export async function recoverOn(environment: Environment, host: string): Promise<void> {
  const { stderr } = await inHost(environment, host, [REGENT, 'cluster', 'recover', '--check'], {
    timeoutMs: CALL_MS * 2,
  });
  const site = /^Site (\S+), /m.exec(stderr)?.[1];
  if (site === undefined)
    throw new AppError('drill', `regent cluster recover --check in ${host} names no site: ${stderr.trim()}`);
  await inHost(environment, host, [REGENT, 'cluster', 'recover', '--site', site, '--timeout', '240'], {
    timeoutMs: RECOVER_MS,
  });
}

/** Cleans the host and joins it. Throws AppError `drill` when a lost host serves: then it did not find out that its epoch is over. */
export async function rejoin(environment: Environment, { host, after }: Extract<Act, { do: 'rejoin' }>): Promise<void> {
  if (after === 'loss') await needDown(environment, host);
  await inHost(environment, host, ['sh', '-c', KEEP], { timeoutMs: CALL_MS });
  await inHost(environment, host, [REGENT, 'leave', '--yes'], { timeoutMs: JOIN_MS });
  const roles = environment.topology.hosts.find(({ name }) => name === host)?.roles ?? [];
  const body = { isRegion: true, isRack: roles.includes('rack') };
  const made = await environment.client.call('token.create', { body });
  if (made.body.token === null) throw new AppError('drill', 'the token of this join was not printed');
  await inHost(environment, host, [REGENT, 'join', '-', '--yes', '--timeout', '360'], {
    timeoutMs: JOIN_MS,
    input: made.body.token,
  });
  await inHost(environment, host, ['sh', '-c', GIVE_BACK], { timeoutMs: CALL_MS });
}

async function needDown(environment: Environment, host: string): Promise<void> {
  const active = await execHost(environment.layout, host, ['systemctl', 'is-active', ...DOWN], { timeoutMs: CALL_MS });
  const running = active.stdout.split('\n').flatMap((state, index) => (state === 'active' ? [DOWN[index] ?? ''] : []));
  if (running.length > 0) throw new AppError('drill', `${host} was counted as lost, but it runs ${running.join(', ')}`);
}

async function inHost(
  { layout }: Environment,
  host: string,
  argv: readonly string[],
  options: { readonly timeoutMs: number; readonly input?: string },
): Promise<{ readonly stderr: string }> {
  const result = await execHost(layout, host, argv, options);
  if (result.code === 0) return result;
  const why = result.isTimeout
    ? `it did not end within ${options.timeoutMs / 1000} s`
    : (result.stderr || result.stdout).trim();
  throw new AppError('drill', `${argv.slice(0, 4).join(' ')} in ${host}: ${why.slice(-600)}`);
}
