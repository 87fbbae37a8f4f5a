import type { Command, CommandRule, ExecResult, ProcessCommand } from '../../core/host-values.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import type { DcsDesired } from './desired.ts';
import { jsonOf, silenceOf } from '../kit/web-answer.ts';
import type { DcsFacts } from './facts.ts';
import { EPOCH_JSON, ETCD_YML, MEMBERS_YML } from './view.ts';

const USER = 'etcd';
const CHECK = '/opt/regent/current/ha/etcd/check';
/** etcd's own API as JSON, on this host, with the node's certificate. */
const API = `https://127.0.0.1:${PORTS.etcdClient}/v3`;
/** This member answers both from its own memory: also without a majority; a learner answers the first. */
const STATUS = { url: `${API}/maintenance/status`, body: '{}', timeoutMs: 2000 };
const MEMBERS = { url: `${API}/cluster/member/list`, body: '{"linearizable":false}', timeoutMs: 2000 };

/** Command lines that the helper accepts for `dcs`. */
export const DCS_COMMANDS: readonly CommandRule[] = [
  {
    argv: [
      CHECK,
      { pattern: '/etc/etcd/regent/(?:\\.stage/)?etcd\\.yml' },
      { pattern: '/etc/etcd/regent/(?:\\.stage/)?members\\.yml' },
    ],
    isChecker: true,
  },
  { argv: ['/usr/bin/etcd', '--version'] },
];

/** etcd has no checker. So it is started for a moment with both files, on throw-away data and ports. */
export function checkDcs(staged: readonly StagedFile[]): readonly ProcessCommand[] {
  if (!staged.some((file) => file.isChanged && file.target !== EPOCH_JSON)) return [];
  const placeOf = (target: string) => staged.find((file) => file.target === target)?.staged ?? target;
  return [{ argv: [CHECK, placeOf(ETCD_YML), placeOf(MEMBERS_YML)], user: USER, timeoutMs: 20_000 }];
}

/**
 * etcd reads its file only at its start, and its list of members only when its data folder is empty. So a change of members never restarts it; a
 * change of the file does. The list of revoked certificates is read for each connection. Members restart one after the other only if the operator changes one node after the other. Only a new version of this
 * product changes that file on all nodes at once. A new epoch comes with empty data (`regent cluster recover`), so etcd begins with its list then.
 */
export function activateDcs(changes: readonly FileChange[]): Activation {
  if (changes.some((change) => change.target === ETCD_YML && change.kind !== 'removed'))
    return { kind: 'restart', why: 'etcd.yml changed: etcd takes it only when it starts' };
  if (changes.some((change) => change.target === EPOCH_JSON && change.kind !== 'removed'))
    return { kind: 'restart', why: 'epoch.json is another one: the cluster starts again with empty data' };
  return { kind: 'none', why: 'etcd stores its members in its data: the list is for a member that first starts' };
}

/** etcd has its own leader and uses neither the floating address nor the database. */
export function roleChangeDcs(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? "listens on the node's own address" : 'chooses its leader by itself';
  return { kind: 'none', why: `etcd ${what}` };
}

/** Asks this member for its state and for the members that it knows. */
export const probeDcs = (): readonly Command[] => [STATUS, MEMBERS];

/**
 * Healthy: the process answers, also while it waits for other members. The facts say what that means for the cluster. A learner soon gets its vote.
 */
export function parseProbeDcs(answers: readonly ExecResult[], desired: DcsDesired): ServiceHealth {
  const [status, list] = answers;
  const state = jsonOf(status) as EtcdStatus | null;
  if (state?.header === undefined) return { isHealthy: false, detail: `etcd at ${API}: ${silenceOf(status)}` };
  const facts = factsOf(state, jsonOf(list) as MemberList | null);
  return { isHealthy: true, detail: sentenceOf(facts, desired), facts, isSettling: facts.isLearner };
}

/** What etcd's gateway writes (proto3 JSON: 64-bit numbers are texts, what is zero or false is left out). */
interface EtcdStatus {
  readonly header?: { readonly member_id?: string };
  readonly leader?: string;
  readonly isLearner?: boolean;
  readonly dbSize?: string;
  readonly errors?: readonly string[];
}
interface MemberList {
  readonly members?: readonly { readonly ID?: string; readonly name?: string; readonly isLearner?: boolean }[];
}

function factsOf(state: EtcdStatus, list: MemberList | null): DcsFacts {
  const own = hexOf(state.header?.member_id);
  const leader = hexOf(state.leader);
  return {
    memberId: own,
    isLeader: leader !== '' && leader === own,
    isLearner: state.isLearner === true,
    hasQuorum: leader !== '',
    members: (list?.members ?? []).map((member) => ({
      name: member.name ?? '',
      id: hexOf(member.ID),
      isLearner: member.isLearner === true,
    })),
    sizeBytes: Number(state.dbSize ?? 0),
    alarms: (state.errors ?? []).flatMap((text) => /alarm:\s*([A-Z]+)/.exec(text)?.[1] ?? []),
  };
}

function sentenceOf(facts: DcsFacts, desired: DcsDesired): string {
  const alarms = facts.alarms.length > 0 ? `; alarms: ${facts.alarms.join(', ')}` : '';
  if (!facts.hasQuorum) return `etcd answers and waits for a majority of its members${alarms}`;
  if (facts.isLearner) return `etcd learns from the others and has no vote yet${alarms}`;
  const role = facts.isLeader ? 'leads' : 'follows';
  const voters = facts.members.filter((member) => !member.isLearner).length;
  const strange = facts.members.filter((member) => !desired.members.some((item) => item.name === member.name));
  const names = strange.map((member) => member.name || `${member.id}, which has not started yet`);
  const extra = names.length > 0 ? `; it has members that are no region nodes: ${names.join(', ')}` : '';
  return `etcd ${role}, ${voters} voting members${extra}${alarms}`;
}

function hexOf(id: string | undefined): string {
  return id === undefined || !/^\d{1,20}$/.test(id) || id === '0' ? '' : BigInt(id).toString(16);
}
