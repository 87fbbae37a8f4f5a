import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach, startOrReload } from '../kit/steps.ts';
import { silenceOf, webAnswerOf } from '../kit/web-answer.ts';
import type { HttpDesired } from './desired.ts';
import { markOf, NGINX_CONF } from './view.ts';

const USER = 'regent-http';
/** The unit sets the path of the pid file; the checker also writes the file. */
const CHECK = ['/usr/sbin/nginx', '-t', '-q', '-g', 'pid /tmp/regent-http-check.pid;', '-c'];
const ASK_MS = 2_000;
const RELAY_MS = 4_000;

/** Command lines that the helper accepts for `http`. */
export const HTTP_COMMANDS: readonly CommandRule[] = [
  { argv: [...CHECK, { pattern: '/etc/nginx/regent/\\.stage/nginx\\.conf' }], isChecker: true },
  { argv: ['/usr/sbin/nginx', '-v'] },
];

/** nginx parses the staged file as its own user, and reads the certificates that it names. */
export function checkHttp(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, { argv: () => CHECK, user: USER, timeoutMs: 20_000 });
}

/** A reload starts new workers on the same sockets: no connection is refused, and downloads go on in the old ones. */
export function activateHttp(changes: readonly FileChange[]): Activation {
  return startOrReload(changes, NGINX_CONF, {
    added: 'nginx.conf is new: nginx starts with it',
    changed: 'nginx.conf changed: new workers take its sockets over, downloads go on',
    none: 'no file that nginx reads has changed',
  });
}

/** nginx listens on every address, and asks every region. */
export function roleChangeHttp(role: RoleChange): Activation {
  return { kind: 'none', why: `nginx ${role.kind === 'vip' ? 'listens on every address' : 'asks any region'}` };
}

/** nginx reads node.pem with its configuration. */
export function certificateHttp(): Activation {
  return { kind: 'reload', why: 'the certificate was renewed: new workers show it to regions, downloads go on' };
}

/** Asks nginx for the configuration that it runs, for its counters, and for a region through it. */
export function probeHttp({ port }: HttpDesired): readonly Command[] {
  const own = `http://127.0.0.1:${port}/regent`;
  return [
    { url: `${own}/configuration`, timeoutMs: ASK_MS },
    { url: `${own}/status`, timeoutMs: ASK_MS },
    { url: `${own}/region`, timeoutMs: RELAY_MS },
  ];
}

/** Healthy: nginx answers with the published configuration. That no region answers is reported and not judged: a restart would not change it. */
export function parseProbeHttp(answers: readonly ExecResult[], desired: HttpDesired): ServiceHealth {
  const [configuration, , region] = answers;
  const ill = (detail: string) => ({
    isHealthy: false,
    detail: `nginx on port ${desired.port}: ${detail}`,
  });
  const own = webAnswerOf(configuration);
  if (own?.status !== 200) return ill(silenceOf(configuration));
  const [running, wanted] = [own.body.trim(), markOf(desired)];
  if (!/^[0-9a-f]{16}$/.test(running)) return ill("something else than Regent's nginx answers there");
  if (running !== wanted) return ill(`it runs the configuration ${running}, published is ${wanted}`);
  const answered = webAnswerOf(region)?.status === 200;
  const reach = answered
    ? 'a region answers through it'
    : 'no region answers through it: machines get only files that are stored here';
  return { isHealthy: true, detail: `nginx answers; ${reach}` };
}
