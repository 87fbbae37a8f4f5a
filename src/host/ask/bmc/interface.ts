import type { ExecResult } from '../../../core/host-values.ts';

/**
 * A program that talks to another device. Everybody on this host sees its argv, so secrets go by `env`, standard input or `files`: texts that it
 * reads at the paths of `filePath`, that have no name and lie on no disk.
 */
export interface Program {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly files?: readonly string[];
  readonly timeoutMs: number;
}

/** The path of the text with this index in `files`. */
export function filePath(index: number): string {
  return `/dev/fd/${3 + index}`;
}

/**
 * Which certificate is good: one of this host's authorities; any; or the one with this fingerprint (SHA-256, lower-case hex). It is checked before
 * anything is sent.
 */
export type Trust =
  | { readonly kind: 'authorities' }
  | { readonly kind: 'any' }
  | { readonly kind: 'pinned'; readonly fingerprint: string };

/** A request over HTTP or HTTPS. A redirection is an answer; nobody follows it. `timeoutMs`: of the whole exchange. */
export interface WebRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Where the connection goes; left out: where the name of the URL leads. Certificate and `Host` are those of the URL. */
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trust: Trust;
  readonly timeoutMs: number;
}

/** Header names are in lower case. `fingerprint`: of the certificate of the device, null without TLS. */
export interface WebAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly fingerprint: string | null;
}

/**
 * No usable answer. `unreachable`: the network or the device refuses; `silent`: no answer in time; `untrusted`: another certificate than wanted;
 * `garbage`: it does not speak the protocol; `closed`: no question goes to this address.
 */
export interface NoAnswer {
  readonly kind: 'none';
  readonly why: 'unreachable' | 'silent' | 'untrusted' | 'garbage' | 'closed';
  readonly sentence: string;
}

/** Sends datagrams to one address, three times within the time limit. The first answer counts. */
export interface DatagramQuestion {
  readonly host: string;
  readonly port: number;
  readonly packets: readonly Uint8Array[];
  readonly timeoutMs: number;
}

/** Patterns that an operator wrote, and the text that somebody answered. */
export interface PatternQuestion {
  readonly patterns: readonly string[];
  readonly text: string;
  readonly timeoutMs: number;
}

/** Other devices on the network. Nothing here throws: a failure is a value. */
export interface BmcAccess {
  run(program: Program): Promise<ExecResult>;
  /** All addresses of a name; of an address itself. */
  resolve(question: { readonly host: string; readonly timeoutMs: number }): Promise<readonly string[] | NoAnswer>;
  /** Which patterns match, in a thread of its own; `late`: at the deadline there was no answer. */
  match(question: PatternQuestion): Promise<readonly boolean[] | 'late'>;
  web(request: WebRequest): Promise<WebAnswer | NoAnswer>;
  datagram(question: DatagramQuestion): Promise<Uint8Array | NoAnswer>;
  /** Opens a TCP connection and closes it. */
  connect(place: {
    readonly host: string;
    readonly port: number;
    readonly timeoutMs: number;
  }): Promise<'open' | NoAnswer>;
}
