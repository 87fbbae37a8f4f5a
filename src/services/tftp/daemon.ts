import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach, startOrReload } from '../kit/steps.ts';
import type { TftpDesired } from './desired.ts';
import { AUTOEXEC, GRUB_CFG, MAP, markOf } from './view.ts';

const USER = 'tftp';
/** tftpd has no checker: it is started for a moment with the map. */
const CHECK = '/opt/regent/current/ha/tftp/check';
const GRUB_CHECK = '/usr/bin/grub-script-check';
/** Nor has iPXE one: its commands are searched in its program. */
const IPXE_CHECK = '/opt/regent/current/ha/tftp/check-script';
const CHECKERS: Readonly<Record<string, string>> = { [MAP]: CHECK, [GRUB_CFG]: GRUB_CHECK, [AUTOEXEC]: IPXE_CHECK };
/** Fetches one small file as a machine would. */
const FETCH = ['/usr/bin/curl', '-q', '--silent', '--show-error', '--max-time', '2', '--output', '/dev/null'];
const FETCH_MS = 4_000;

/** Command lines that the helper accepts for `tftp`. */
export const TFTP_COMMANDS: readonly CommandRule[] = [
  { argv: [CHECK, { pattern: '/etc/regent/tftp/\\.stage/map' }], isChecker: true },
  { argv: [GRUB_CHECK, { pattern: '/etc/regent/tftp/\\.stage/grub/grub\\.cfg' }], isChecker: true },
  { argv: [IPXE_CHECK, { pattern: '/etc/regent/tftp/\\.stage/autoexec\\.ipxe' }], isChecker: true },
  { argv: [...FETCH, { pattern: 'tftp://127\\.0\\.0\\.1/regent/[0-9a-f]{16}' }] },
  { argv: ['/usr/sbin/in.tftpd', '-V'] },
];

/** The map by tftpd itself, GRUB's script by GRUB's own parser, iPXE's by the command names in its program. */
export function checkTftp(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, { argv: (target) => [CHECKERS[target] ?? CHECK], user: USER, timeoutMs: 10_000 });
}

/** A signal makes tftpd read its map again; transfers go on in processes of their own. */
export function activateTftp(changes: readonly FileChange[]): Activation {
  return startOrReload(changes, MAP, {
    added: 'the map is new: tftpd starts with it',
    changed: 'the map changed: tftpd reloads it, transfers go on',
    none: 'tftpd reads what it gives out at each request',
  });
}

/** tftpd listens on every address and uses no database. */
export function roleChangeTftp(role: RoleChange): Activation {
  return {
    kind: 'none',
    why: `tftpd ${role.kind === 'vip' ? 'listens on every address' : 'does not use the database'}`,
  };
}

/** Fetches a file that only the published map names. */
export function probeTftp(desired: TftpDesired): readonly Command[] {
  return [{ argv: [...FETCH, `tftp://127.0.0.1/regent/${markOf(desired)}`], user: USER, timeoutMs: FETCH_MS }];
}

/** curl's codes (curl(1)): 28 nobody answers, 68 no such file, 69 not allowed. */
const CODES: Readonly<Record<number, string>> = {
  28: 'no answer in time',
  68: 'the file behind the map is not there',
  69: 'it runs another map than the published one',
};

/** Healthy: a file comes by TFTP, and the running map is the published one. */
export function parseProbeTftp([answer]: readonly ExecResult[]): ServiceHealth {
  if (answer?.code === 0) return { isHealthy: true, detail: 'tftpd gives out boot files by the published map' };
  const code = answer?.code ?? null;
  const reason = answer?.failure ?? (code === null ? undefined : CODES[code]) ?? answer?.stderr.trim().split('\n')[0];
  return { isHealthy: false, detail: `tftpd on port 69: ${reason || 'no answer in time'}` };
}
