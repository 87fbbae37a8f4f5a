import type { HostPorts } from '../ports.ts';

/** How a call over TLS checks the other side: by the pin of a join token, or by the authority, with the own certificate (PEM). */
export type CallTrust =
  | { readonly pin: string }
  | { readonly authority: string; readonly certificate: string; readonly key: string };

/** One call to a region. `authorization`: never shown anywhere. `headers`: more of them. */
export interface RegionCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly trust: CallTrust;
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** An answer; `date`: the region's clock, ms, null if unknown. */
export type CallAnswer = { readonly status: number; readonly text: string; readonly date: number | null };

/** The ports of join and its undo. */
export interface MemberPorts extends HostPorts {
  /** Throws AppError `region_unreachable`, or `wrong_cluster` if the other side is not the trusted one. */
  readonly call: (call: RegionCall) => Promise<CallAnswer>;
  /** Connects to a TCP port; null: it answers, else the reason. */
  readonly connect: (address: string, port: number, timeoutMs: number) => Promise<string | null>;
  /** Does the database of `DATABASE_URL`, as regent.conf has it now, answer this host? null: it does, else the reason. */
  readonly askDatabase: () => Promise<string | null>;
  /** A new Ed25519 private key (PKCS #8, PEM). */
  readonly newRackKey: () => string;
  /** Asks the person at the terminal; true if there is none. */
  readonly confirm: (question: string) => Promise<boolean>;
}
