import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach, startOrReload } from '../kit/steps.ts';
import { JSON_CHECK } from '../kit/own-program.ts';
import type { VipDesired } from './desired.ts';
import { parseVipFacts, type VipFacts } from './facts.ts';
import { KEEPALIVED_CONF } from './view.ts';

const USER = 'regent-vip';
const CHECK = ['/usr/sbin/keepalived', '-t', '-f'];
const STATUS = '/run/regent-vip/status.json';
const UPTIME = '/proc/uptime';
/** `ha/vip` writes twice a second. An older file means that the program hangs or is gone. */
const STALE_SECONDS = 3;

/** Command lines that the helper accepts for `vip`. */
export const VIP_COMMANDS: readonly CommandRule[] = [
  { argv: [...CHECK, { pattern: '/etc/keepalived/regent/\\.stage/keepalived\\.conf' }], isChecker: true },
  { argv: [...JSON_CHECK, { pattern: '/etc/keepalived/regent/\\.stage/health\\.json' }], isChecker: true },
  { argv: ['/usr/sbin/keepalived', '-v'] },
];

/** keepalived parses its staged file. The other file must be JSON. */
export function checkVip(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, {
    argv: (target) => (target === KEEPALIVED_CONF ? CHECK : JSON_CHECK),
    user: USER,
    timeoutMs: 10_000,
  });
}

/** A reload of keepalived does not move the address. */
export function activateVip(changes: readonly FileChange[]): Activation {
  return startOrReload(changes, KEEPALIVED_CONF, {
    added: 'keepalived.conf is new: keepalived starts with it',
    changed: 'keepalived.conf changed: keepalived reloads it, the address stays where it is',
    none: 'the health program of the floating address reads its file by itself',
  });
}

/** keepalived changes the role itself and does not depend on the database. */
export function roleChangeVip(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'has moved the address itself' : 'does not use the database';
  return { kind: 'none', why: `keepalived ${what}` };
}

/** Asks for the health program's report on keepalived and itself, and for its time. */
export function probeVip(): readonly Command[] {
  return [STATUS, UPTIME].map((path) => ({ read: 'text', path, timeoutMs: 2000 }));
}

/** Healthy: keepalived runs and the health program reports. Who holds the address, and who may hold it, are facts, not faults. */
export function parseProbeVip(answers: readonly ExecResult[], desired: VipDesired): ServiceHealth {
  const [status, uptime] = answers;
  if (status?.code !== 0) return ill('the health program of the floating address has reported nothing yet');
  const { seconds, keepalived, facts } = readStatus(status.stdout);
  if (facts === null) return ill('the report of the health program of the floating address cannot be read');
  const age = Number(uptime?.stdout.split(' ')[0]) - seconds;
  if (!(age <= STALE_SECONDS))
    return ill(`the health program of the floating address has been silent for ${Math.round(age)} s`);
  if (keepalived === 'gone') return ill('keepalived has no process');
  if (keepalived === 'frozen') return ill('keepalived is frozen and does nothing');
  const holds = facts.isHolder ? 'holds' : 'does not hold';
  const may = facts.isFit ? 'may' : 'must not';
  return {
    isHealthy: true,
    detail: `keepalived runs; this node ${holds} ${desired.vip} and ${may}: ${facts.why}`,
    facts: { ...facts },
  };
}

type VipStatus = { readonly seconds: number; readonly keepalived: unknown; readonly facts: VipFacts | null };

function readStatus(text: string): VipStatus {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return { seconds: Number.NaN, keepalived: null, facts: null };
  const { uptime, keepalived, ...rest } = Object.fromEntries(Object.entries(value));
  return { seconds: typeof uptime === 'number' ? uptime : Number.NaN, keepalived, facts: parseVipFacts(rest) };
}

const ill = (detail: string): ServiceHealth => ({ isHealthy: false, detail });
