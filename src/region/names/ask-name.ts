import type { LookupAnswer, LookupType } from '../../contract/site/screens.ts';

/** The answer of a name server. `code` as in `LookupAnswer`. */
export type NameAnswer = Pick<LookupAnswer, 'code' | 'answers' | 'serial'>;
/** Asks one name server; it answers within two seconds whatever happens, and never throws. */
export type AskName = (server: string, name: string, type: LookupType) => Promise<NameAnswer>;

declare module '../base/use-case.ts' {
  interface CasePorts {
    readonly askName: AskName;
  }
}
