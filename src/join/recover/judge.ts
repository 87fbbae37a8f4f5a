import { type Epoch, describeEpoch, parseEpoch } from '../../core/epoch.ts';
import { isRejected } from '../../core/errors.ts';
import type { LostNode } from '../../model/cluster/node.ts';
import { type HostFinding, startFindings } from '../checks.ts';
import { type DataState, formatPosition, type RecoveryInputs } from './look.ts';

/** What the person sees before anything is changed. */
export interface LossReport {
  readonly site: string;
  readonly epoch: Epoch;
  readonly lost: readonly LostNode[];
  /** Sentences: who is missing and how that was found out, what this node has, what may be missing. */
  readonly sentences: readonly string[];
}

/** The site's name: that of its cluster, without what recoveries have put to it. */
export function siteOf(dcs: {
  readonly clusterId: string;
  readonly recovered?: { readonly epoch: string } | undefined;
}): string {
  const last = epochOf(dcs).at(-1);
  return last === undefined ? dcs.clusterId : dcs.clusterId.replace(new RegExp(`-${last.id}$`), '');
}

/** The epoch that this node knows. */
export function epochOf({ recovered }: { readonly recovered?: { readonly epoch: string } | undefined }): Epoch {
  const epoch = recovered === undefined ? [] : parseEpoch(recovered.epoch);
  return isRejected(epoch) ? [] : epoch;
}

/** May the cluster be recovered from this node? Pure. */
export function judgeLoss(seen: RecoveryInputs): {
  readonly findings: readonly HostFinding[];
  readonly report: LossReport | null;
} {
  const { all: findings, error, warn } = startFindings();
  if (seen.uid !== 0) error('Recovering changes this host: run it as root.');
  if (seen.isOver)
    error('This host belongs to an epoch that is over: its cluster was recovered elsewhere. Clean it: regent leave.');
  const { held } = seen;
  if (held === null) {
    error(
      'This host is not a region node of a cluster, or its agent has lost its ledger: there is nothing to recover from.',
    );
    return { findings, report: null };
  }
  if (seen.unfinishedRun !== null) error(INTERRUPTED[seen.unfinishedRun]);
  if (held.vip?.isMember === false) error('This node had not finished joining. Recover on a node that had.');
  if (!seen.hasAuthority) error("The key of the cluster's authority is missing on this host: nothing can be signed.");
  const others = held.dcs.members.filter(({ name }) => name !== held.dcs.name);
  if (others.length === 0)
    error('This is the only region node of its cluster: nobody else was lost. See: regent doctor.');
  else if (seen.noMajority === null)
    error(
      `etcd of this host answers with its majority: the cluster is not lost. To replace a lost node: regent node replace NAME.`,
    );
  for (const peer of seen.peers.filter(({ isThere }) => isThere))
    error(
      `${peer.name} (${peer.address}) is there: ${peer.why}. If it is to stay, bring it back. If it is lost for good, switch it off first.`,
    );
  if (seen.vipNode !== null)
    error(`${seen.vipNode} answers at the floating address: a cluster is running there. Check that cluster first.`);
  if (held.db !== null) findings.push(...judgeData(seen.data));
  if (seen.others.probed > 0 && seen.others.answered === 0)
    warn(
      `None of the ${seen.others.probed} other hosts that this host knows, including racks, answers. Perhaps this host is cut off, and the others still run. Check its network first.`,
    );
  const lost = others.map(({ name, address }) => ({ name, address }));
  const report = {
    site: siteOf(held.dcs),
    epoch: epochOf(held.dcs),
    lost,
    sentences: describeLoss(seen, held.dcs.name, held.db !== null),
  };
  return { findings, report };
}

const INTERRUPTED = {
  init: 'An init of this host is unfinished. Complete it (regent init) or undo it (regent leave --undo).',
  join: 'The join of this host is unfinished, so its copy of the database is incomplete. Undo the join: regent leave --undo.',
  leave: 'A leave of this host was interrupted. Complete it: regent leave.',
} as const;

function judgeData({ hasData, isHalfMade }: DataState): readonly HostFinding[] {
  if (!hasData)
    return [
      {
        severity: 'error',
        sentence: 'This node has no readable database. Recover on a node that has one, or restore a backup.',
      },
    ];
  if (!isHalfMade) return [];
  const sentence =
    'The copy of the database on this node is not complete: it was being made when the primary failed. Recover on another node, or restore a backup.';
  return [{ severity: 'error', sentence }];
}

/** What is known of the loss, in sentences. Pure. */
export function describeLoss(seen: RecoveryInputs, own: string, hasDatabase: boolean): readonly string[] {
  const missing = seen.peers.filter(({ isThere }) => !isThere);
  const lines = [
    seen.noMajority === null
      ? 'etcd of this host answers with its majority.'
      : `No majority: etcd of this host does not answer for one (${seen.noMajority}).`,
    ...missing.map(({ name, address, why }) => `Missing: ${name} (${address}). Tried just now, ${why}.`),
  ];
  if (!hasDatabase) return [...lines, "The database is the operator's own: these nodes stored none of it."];
  return [
    ...lines,
    describeData(seen.data, own),
    ...describeMissing(
      seen,
      own,
      missing.map(({ name }) => name),
    ),
  ];
}

function describeData({ timeline, position, checkpoint, lastAt, wasPrimary }: DataState, own: string): string {
  const reach =
    position !== null
      ? `up to ${formatPosition(position)}`
      : checkpoint !== null
        ? `at least up to ${formatPosition(checkpoint)} (PostgreSQL does not run, so the end of its log is not known)`
        : 'up to an unknown position';
  const last = lastAt === null ? '' : `; its last transaction or checkpoint is of ${lastAt}`;
  return `${own} has the database ${reach}, timeline ${timeline ?? 'unknown'}, as ${wasPrimary ? 'the primary' : 'a standby'}${last}.`;
}

function describeMissing(
  { remembered, data }: RecoveryInputs,
  own: string,
  missing: readonly string[],
): readonly string[] {
  const { leader, standbys, leaderPosition } = remembered;
  const later = `If ${missing.join(' and ') || 'others'} went on after this node was cut off, the writes that they acknowledged since then are missing here.`;
  if (leader === null || standbys === null)
    return [
      'etcd of this host does not show which standbys the primary waited for. Acknowledged writes may be missing.',
      later,
    ];
  if (data.wasPrimary || leader === own)
    return [`${own} was the primary: every write that it acknowledged is here.`, later];
  const have = data.position ?? data.checkpoint;
  const behind = leaderPosition !== null && have !== null && leaderPosition > have ? leaderPosition - have : 0n;
  const gap =
    behind > 0n
      ? ` The primary had ${formatPosition(leaderPosition ?? 0n)} at its last report: ${behind} bytes more than are here.`
      : '';
  if (standbys.includes(own))
    return [
      `${leader} was the primary, and each commit waited for ${own}: no write that was acknowledged up to then is missing.${data.position === null ? '' : gap}`,
      later,
    ];
  return [
    `${leader} was the primary, and its commits did not wait for ${own} but for ${standbys.join(', ') || 'nobody'}: acknowledged writes after that position may be missing.${gap}`,
    later,
  ];
}

/** The report as it is printed. */
export function reportLines({ site, epoch, sentences }: LossReport): readonly string[] {
  return [`Site ${site}, ${describeEpoch(epoch)}.`, ...sentences];
}
