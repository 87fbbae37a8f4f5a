import type { Command, CommandRule, ExecResult, ProcessCommand } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, StagedFile } from '../kit/contract.ts';
import type { DbDesired } from './desired.ts';
import { dynamicOf } from './probe.ts';
import { DYNAMIC_JSON, PATRONI_YML, REVOKED_CRL, restUrlOf } from './view.ts';

const USER = 'postgres';
const HA = '/opt/regent/current/ha/postgres';
/** This file exists while the keeper holds a lease for this host's primary. */
const ARMED = '/run/regent-keeper/armed';
/** The questions to Patroni's loop, its PostgreSQL, the other members and their common configuration, in this order. */
const PAGES = ['liveness', 'patroni', 'cluster', 'config'];
const ASK_MS = 2000;

/** Command lines that the helper accepts for `db`. */
export const DB_COMMANDS: readonly CommandRule[] = [
  {
    argv: [
      `${HA}/check`,
      { pattern: '/etc/patroni/regent/(?:\\.stage/)?patroni\\.yml' },
      { pattern: '/etc/patroni/regent/(?:\\.stage/)?dynamic\\.json' },
    ],
    isChecker: true,
  },
  { argv: [`${HA}/dynamic`] },
  { argv: ['/usr/bin/patroni', '--version'] },
];

/** Patroni's own validator, as Patroni's user. */
export function checkDb(staged: readonly StagedFile[]): readonly ProcessCommand[] {
  if (!staged.some((file) => file.isChanged)) return [];
  const placeOf = (target: string) => staged.find((file) => file.target === target)?.staged ?? target;
  return [{ argv: [`${HA}/check`, placeOf(PATRONI_YML), placeOf(DYNAMIC_JSON)], user: USER, timeoutMs: 20_000 }];
}

/**
 * A reload makes Patroni take all of our settings: its own, access rules, etcd's addresses. It also puts the dynamic configuration into etcd
 * (`ha/postgres/dynamic`). A restart would stop PostgreSQL, so only a new Patroni gets one.
 */
export function activateDb(changes: readonly FileChange[]): Activation {
  const kindOf = (target: string) => changes.find((change) => change.target === target)?.kind;
  if (kindOf(PATRONI_YML) === 'added') return { kind: 'restart', why: 'patroni.yml is new: Patroni starts with it' };
  const isOwn = kindOf(PATRONI_YML) === 'changed';
  const isCommon = kindOf(DYNAMIC_JSON) === 'changed' || kindOf(DYNAMIC_JSON) === 'added';
  const isList = kindOf(REVOKED_CRL) !== undefined;
  if (isOwn) return { kind: 'reload', why: 'patroni.yml changed: Patroni reloads it, PostgreSQL goes on' };
  if (isList) return { kind: 'reload', why: 'a certificate was revoked: PostgreSQL reads the list, sessions go on' };
  if (isCommon) return { kind: 'reload', why: 'dynamic.json changed: it is put into etcd, PostgreSQL goes on' };
  return { kind: 'none', why: 'no file that Patroni reads has changed' };
}

/** Patroni changes the roles itself and does not depend on an address. */
export function roleChangeDb(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? "serves on the node's own address" : 'has changed the role itself';
  return { kind: 'none', why: `Patroni ${what}` };
}

/** Patroni and PostgreSQL read certificates when they start and on a reload. */
export function certificateDb(): Activation {
  return { kind: 'reload', why: 'the certificate was renewed: Patroni and PostgreSQL reload it, connections go on' };
}

/**
 * Asks Patroni whether its loop runs, what it knows of its PostgreSQL and of the others, and for the dynamic configuration. It also reads the
 * keeper's file.
 */
export function probeDb(desired: DbDesired): readonly Command[] {
  const url = restUrlOf(desired);
  const pages = PAGES.map((page) => ({ url: `${url}/${page}`, timeoutMs: ASK_MS }));
  return [...pages, { read: 'text', path: ARMED, timeoutMs: ASK_MS }];
}

/** Puts a newer dynamic configuration of ours in force if a reload could not. */
export function amendDb(answers: readonly ExecResult[], desired: DbDesired): readonly Command[] {
  const theirs = dynamicOf(answers);
  if (theirs === null || (theirs.regent_version ?? 0) >= desired.version) return [];
  return [{ argv: [`${HA}/dynamic`], user: USER, timeoutMs: 8000 }];
}
