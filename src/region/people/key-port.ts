import type { Rejected } from '../../core/errors.ts';
import type { KeySource } from '../../model/people/key-source.ts';

/** Reads the keys of somebody from outside, through the proxy (`http://HOST:PORT`; empty: straight). It answers in seconds whatever happens, and never throws. */
export type ReadKeys = (source: KeySource, proxy: string) => Promise<string | Rejected>;

declare module '../base/use-case.ts' {
  interface CasePorts {
    readonly readKeys: ReadKeys;
  }
}
