import { formatCount } from '../../core/count-text.ts';
import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import { iscsiTarget } from '../../model/images/boot-media.ts';
import type { Activation, FileChange, Metric, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach } from '../kit/steps.ts';
import type { TgtDesired } from './desired.ts';
import { parsePortals, parseTargets, type ShownTarget } from './shown.ts';
import { networksOf, portalsOf, TARGETS } from './view.ts';

/** The user of tgtd: tgtd answers only this user (`ipc_perm`), which also fetches the files. */
const USER = 'regent-tgt';
const HA = '/opt/regent/current/ha/tgt';
const APPLY = [`${HA}/targets`, 'apply'];
const FETCH = [`${HA}/fetch`];
/** tgtadm waits for ever. */
const SHOW = ['/usr/bin/timeout', '5', '/usr/sbin/tgtadm', '--lld', 'iscsi', '--op', 'show', '--mode'];
const SHOW_TARGETS = [...SHOW, 'target'];
const SHOW_PORTALS = [...SHOW, 'portal'];
const ASK_MS = 8_000;
const APPLY_MS = 20_000;
/** A region reads a file whole before it gives out its first byte; the received bytes stay, and the next run continues. */
const FETCH_MS = 110_000;

/** Command lines that the helper accepts for `tgt`. */
export const TGT_COMMANDS: readonly CommandRule[] = [
  { argv: [`${HA}/targets`, 'check', { pattern: '/etc/regent/tgt/\\.stage/targets' }], isChecker: true },
  { argv: APPLY },
  { argv: FETCH },
  { argv: SHOW_TARGETS },
  { argv: SHOW_PORTALS },
  { argv: ['/usr/sbin/tgtd', '-V'] },
];

/** Whoever reads the list checks it, without any right. */
export function checkTgt(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, { argv: () => [`${HA}/targets`, 'check'], user: USER, timeoutMs: 10_000 });
}

/** tgtd gets each target while it runs: logged-in machines stay logged in. */
export function activateTgt(changes: readonly FileChange[]): Activation {
  const change = changes.find(({ target }) => target === TARGETS);
  if (change?.kind === 'added') return { kind: 'restart', why: 'the list of targets is new: tgtd starts with it' };
  if (change?.kind !== 'changed') return { kind: 'none', why: 'the list of targets has not changed' };
  const commands = [{ argv: APPLY, user: USER, timeoutMs: APPLY_MS }];
  return {
    kind: 'command',
    commands,
    why: 'the list of targets changed: tgtd gets the differences, machines stay logged in',
  };
}

/** tgtd listens on the addresses of machines' VLANs and uses no database. */
export function roleChangeTgt(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'does not listen on the floating address' : 'does not use the database';
  return { kind: 'none', why: `tgtd ${what}` };
}

/** Asks tgtd, whose one loop serves machines too, what it gives out and where. */
export function probeTgt(): readonly Command[] {
  return [SHOW_TARGETS, SHOW_PORTALS].map((argv) => ({ argv, user: USER, timeoutMs: ASK_MS }));
}

/** What tgtd lacks or has too much. `images`: targets that are not whole. `others`: portals, networks, and targets that nobody wants any more. */
type Differences = { readonly images: readonly string[]; readonly others: readonly string[] };

function differencesOf(answers: readonly ExecResult[], desired: TgtDesired): Differences | null {
  const [targets, portals] = answers;
  if (targets?.code !== 0 || portals?.code !== 0) return null;
  const shown = parseTargets(targets.stdout);
  const networks = networksOf(desired);
  const byName = new Map(shown.map((target) => [target.name, target]));
  const wanted = desired.images.map(({ digest }) => iscsiTarget(digest));
  const listening = parsePortals(portals.stdout);
  return {
    images: wanted.filter((name) => !isWhole(byName.get(name))),
    others: [
      ...portalsOf(desired).flatMap((portal) =>
        listening.includes(portal) ? [] : [`it does not listen at ${portal}`],
      ),
      ...wanted.flatMap((name) => {
        const target = byName.get(name);
        return target === undefined || isSame(target.networks, networks)
          ? []
          : [`others than published may use ${name}`];
      }),
      // A root that a machine still uses stays, but only for that machine.
      ...shown
        .filter(({ name, sessions, networks: open }) => !wanted.includes(name) && (sessions === 0 || open.length > 0))
        .map(({ name }) => `${name} is no longer wanted`),
    ],
  };
}

const isWhole = (target: ShownTarget | undefined): boolean => target?.lun?.isReadOnly === true && target.lun.isOnline;

function isSame(found: readonly string[], wanted: readonly string[]): boolean {
  return found.length === wanted.length && wanted.every((one) => found.includes(one));
}

/** Brings what is missing: first the files, then the targets. */
export function amendTgt(answers: readonly ExecResult[], desired: TgtDesired): readonly Command[] {
  const found = differencesOf(answers, desired);
  if (found === null) return [];
  const apply = { argv: APPLY, user: USER, timeoutMs: APPLY_MS };
  if (found.images.length > 0) return [{ argv: FETCH, user: USER, timeoutMs: FETCH_MS }, apply];
  return found.others.length > 0 ? [apply] : [];
}

/**
 * Healthy: tgtd answers and gives out what is published, to whom it may, to be read alone. That an image is not here yet is not tgtd's fault: a restart would
 * not bring it.
 */
export function parseProbeTgt(answers: readonly ExecResult[], desired: TgtDesired): ServiceHealth {
  const found = differencesOf(answers, desired);
  if (found === null) {
    const silent = answers.find(({ code }) => code !== 0);
    const reason = silent?.failure ?? silent?.stderr.trim().split('\n')[0];
    return { isHealthy: false, detail: `query of tgtd's targets failed: ${reason || 'no answer in time'}` };
  }
  const { images, others } = found;
  if (others.length > 0) return { isHealthy: false, detail: `tgtd answers; ${others.join('; ')}` };
  if (images.length > 0) {
    const detail = `tgtd answers; it does not give out ${images.join(', ')}: no region has given the image to this rack yet, or the disk is full`;
    return { isHealthy: false, isOutOfReach: true, detail };
  }
  const sessions = parseTargets(answers[0]?.stdout ?? '').reduce((sum, target) => sum + target.sessions, 0);
  const number = desired.images.length;
  return {
    isHealthy: true,
    detail: `tgtd gives out ${formatCount(number, 'image')} read-only; machines logged in: ${sessions}`,
  };
}

/** Machines that are logged in, by all targets together: images come and go. */
export function metricsTgt([targets]: readonly ExecResult[]): readonly Metric[] {
  if (targets?.code !== 0) return [];
  const shown = parseTargets(targets.stdout);
  return [
    { name: 'targets', unit: 'count', value: shown.length },
    { name: 'sessions', unit: 'count', value: shown.reduce((sum, { sessions }) => sum + sessions, 0) },
  ];
}
