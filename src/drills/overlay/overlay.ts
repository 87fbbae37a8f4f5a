import type { FileEdits } from './edit.ts';

/** Hosts made to run with other settings, or with a broken part, for as long as some rounds are played. */
export interface Overlay {
  /** Lower case, parts joined by `-`. */
  readonly name: string;
  /** A sentence without a full stop. */
  readonly title: string;
  /** Units that are stopped meanwhile, and stay so over a boot. */
  readonly held: readonly string[];
  /** Which hosts; absent: the region nodes. */
  readonly on?: 'racks';
  /** Of each of these hosts. */
  readonly files: readonly FileEdits[];
  /** Done on one host after the other when all hosts have the files: once they are changed, and once they are back. */
  readonly takes: readonly Take[];
  /** Run on every host when all is done. */
  readonly proofs: readonly Proof[];
}

/** A command of a host that makes a daemon take its files. It is tried again until it succeeds, or a minute is over. */
export type Take = { readonly argv: readonly string[] };

/** A question to a daemon: has it taken its files? */
export interface Proof {
  readonly what: string;
  readonly argv: readonly string[];
  /** By the answer's text. The command is repeated until this is true, or a minute is over. */
  readonly isTaken: (answer: string) => boolean;
}

/** What is put into force in the cluster's common configuration of Patroni, and verified. Also a reload of Patroni does the first. */
export const PATRONI_TAKES: readonly Take[] = [
  { argv: ['systemctl', 'reload', 'patroni.service'] },
  { argv: ['runuser', '-u', 'postgres', '--', '/opt/regent/current/ha/postgres/dynamic', '--now'] },
];
