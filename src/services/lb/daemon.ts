import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach, startOrReload } from '../kit/steps.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import type { LbDesired } from './desired.ts';
import type { LbFacts } from './facts.ts';
import { HAPROXY_CFG, markOf } from './view.ts';

const USER = 'haproxy';
const CHECK = ['/usr/sbin/haproxy', '-c', '-f'];
/** The master process. It starts a new worker at each reload. */
const MASTER = '/run/haproxy/master.sock';
/** haproxy's control socket. */
const SOCKET = '/run/haproxy/regent.sock';
/** Questions for the process, then for the state of all servers as comma-separated values (haproxy's management guide, §9.3). */
const STATE = 'show info;show stat -1 4 -1\n';
/** What a process shows to browsers: it read the file at its start (management guide, §9.3, `show ssl cert`). */
const SITE = `show ssl cert ${TRUST_FILES.site.path}\n`;

/** Command lines and questions that the helper accepts for `lb`. */
export const LB_COMMANDS: readonly CommandRule[] = [
  { argv: [...CHECK, { pattern: '/etc/haproxy/regent/\\.stage/haproxy\\.cfg' }], isChecker: true },
  { argv: ['/usr/sbin/haproxy', '-v'] },
  { socket: SOCKET, requests: 'show info;show stat -1 4 -1\\n' },
  { socket: SOCKET, requests: 'show ssl cert /etc/regent/pki/site\\.pem\\n' },
  { socket: MASTER, requests: 'show proc;quit\\n' },
];

/** haproxy parses the staged file as its own user, and reads the certificates that it names. */
export function checkLb(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, { argv: () => CHECK, user: USER, timeoutMs: 20_000 });
}

/** A reload starts a new process that takes the listening sockets over. No connection is refused, and open ones go on in the old process. */
export function activateLb(changes: readonly FileChange[]): Activation {
  return startOrReload(changes, HAPROXY_CFG, {
    added: 'haproxy.cfg is new: haproxy starts with it',
    changed: 'haproxy.cfg changed: a new process takes its sockets over, open connections go on',
    none: 'no file that haproxy reads has changed',
  });
}

/** haproxy listens on every address and asks Patroni itself for the primary. */
export function roleChangeLb(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'listens on every address' : 'finds the primary by its own checks';
  return { kind: 'none', why: `haproxy ${what}` };
}

/** haproxy reads node.pem when it starts: a new process takes the sockets over. */
export function certificateLb(): Activation {
  return { kind: 'reload', why: 'the certificate was renewed: a new process shows it, open connections go on' };
}

/** The same for the site's certificate. */
export function siteCertificateLb(): Activation {
  return {
    kind: 'reload',
    why: "the site's certificate is another one: a new process shows it, open connections go on",
  };
}

/**
 * Asks haproxy over its own socket for its state, and its master process whether it lives: with a frozen master haproxy would serve on and take no
 * reload.
 */
export function probeLb(): readonly Command[] {
  return [
    { socket: SOCKET, request: STATE, timeoutMs: 2000 },
    { socket: MASTER, request: 'show proc;quit\n', timeoutMs: 2000 },
    { socket: SOCKET, request: SITE, timeoutMs: 2000 },
  ];
}

/**
 * Healthy: haproxy answers with the published configuration. Which regions answer and who is primary are facts, because a restart of haproxy would
 * change neither.
 */
export function parseProbeLb(answers: readonly ExecResult[], desired: LbDesired): ServiceHealth {
  const [answer, master, site] = answers;
  const ill = (detail: string) => ({ isHealthy: false, detail: `query of haproxy's state failed: ${detail}` });
  if (answer?.code !== 0) return ill(answer?.failure ?? 'no answer in time');
  if (master?.code !== 0) return ill(`its master process: ${master?.failure ?? 'no answer in time'}`);
  const running = /^[Dd]escription: (\S+)$/m.exec(answer.stdout)?.[1];
  if (running === undefined) return ill('the answer cannot be read');
  const wanted = markOf(desired);
  if (running !== wanted) return ill(`it runs the configuration ${running}, published is ${wanted}`);
  const facts = factsOf(answer.stdout, desired);
  const up = facts.regions.filter((region) => region.isUp).length;
  const primary = facts.primary === null ? ', it sees no primary' : `, the primary is on ${facts.primary}`;
  return {
    isHealthy: true,
    detail: `haproxy answers; ${up} of ${facts.regions.length} regions ready${desired.isDatabaseExternal === true ? '' : primary}`,
    facts: { ...facts, ...certificateOf(site) },
  };
}

/** SHA-1 of the certificate that haproxy shows to browsers, as haproxy reports it; '' if it shows the node's own; nothing if haproxy did not report it. */
function certificateOf(answer: ExecResult | undefined): Pick<LbFacts, 'certificate'> {
  if (answer?.code !== 0) return {};
  const sha1 = /^SHA1 FingerPrint: ([0-9A-F]{40})$/m.exec(answer.stdout)?.[1];
  return { certificate: sha1?.toLowerCase() ?? '' };
}

/** Results of haproxy's last check that mean that the host did not answer (management guide, §9.1, check_status). */
const SILENT_CHECKS = ['L4TOUT', 'L6TOUT', 'L4CON'];
/** Results for a host whose kernel does not answer either. (The kernel still accepts connections for a process that hangs.) */
const UNREACHED_CHECKS = ['L4TOUT', 'L4CON'];

function factsOf(text: string, desired: LbDesired): LbFacts {
  const lines = text.split('\n');
  const head =
    lines
      .find((line) => line.startsWith('# pxname,'))
      ?.slice(2)
      .split(',') ?? [];
  const rows = lines.map((line) => line.split(','));
  const field = (proxy: string, server: string, name: string): string =>
    rows.find((row) => row[head.indexOf('pxname')] === proxy && row[head.indexOf('svname')] === server)?.[
      head.indexOf(name)
    ] ?? '';
  // haproxy shows a server that has just failed or answered once as `UP 1/2`, `DOWN 1/2`.
  const isUp = (proxy: string, server: string) => field(proxy, server, 'status').startsWith('UP');
  // While a check runs, haproxy shows the last result with `* ` before it. A host that refuses a connection is there.
  const statusOf = (proxy: string, server: string) => field(proxy, server, 'check_status').replace('* ', '');
  const isSilent = (proxy: string, server: string) =>
    SILENT_CHECKS.includes(statusOf(proxy, server)) && !field(proxy, server, 'last_chk').includes('refused');
  // For some seconds after a failover the check of the old primary's database is refused although the host is gone (seen with a host without power).
  // So a refusal is no sign of life. An answer of its Patroni is one.
  const isGone = (server: string) =>
    isSilent('ready', server) &&
    !statusOf('database', server).startsWith('L7') &&
    (UNREACHED_CHECKS.includes(statusOf('ready', server)) || isSilent('database', server));
  const primaries = desired.regions.filter(({ name }) => isUp('database', name));
  return {
    // Two at once exist only at the moment of a change; then none counts as the primary.
    primary: primaries.length === 1 ? (primaries[0]?.name ?? null) : null,
    regions: desired.regions.map(({ name }) => ({
      name,
      isUp: isUp('ready', name),
      ...(isGone(name) ? { isSilent: true } : {}),
    })),
  };
}
