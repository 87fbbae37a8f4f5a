import type { EntryNoun } from '../contract/entries.ts';
import type { DeclaredNoun } from '../contract/registry.ts';
import type { GlobalOptions } from './global-options.ts';
import type { CliIo } from './io.ts';
import type { Patience, Region } from './region.ts';
import type { WaitCondition } from './waiting/conditions.ts';

/** Options of commands that change configuration. */
export interface ChangeOptions {
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly timeoutSeconds: number;
  /** What `wait` waits for. */
  readonly condition: WaitCondition;
}

/** Values of a command's own options, by commander's camel-case names. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One run of a command. */
export interface Call {
  readonly io: CliIo;
  readonly args: readonly (string | undefined)[];
  readonly options: OptionValues;
  readonly global: GlobalOptions;
  readonly change: ChangeOptions;
  /**
   * The region of the chosen context, resolved at the first use, so that commands without a region need none. `patience`: how long its calls may
   * take, if not the usual time; the first use decides.
   */
  region(patience?: Patience): Promise<Region>;
}

/** An option. `values`: the allowed ones, also offered by completion. `repeat`: may be given several times. */
export interface OptionSpec {
  readonly flags: string;
  readonly help: string;
  readonly values?: readonly string[];
  readonly repeat?: boolean;
}

/** Kinds of names that completion can ask the region for. */
export type NameKind =
  | DeclaredNoun
  | EntryNoun
  | 'lease'
  | 'setting'
  | 'node'
  | 'rack'
  | 'service'
  | 'user'
  | 'drill'
  | 'hazard'
  | 'job'
  | 'command';

/** A positional argument: `<name>` required, `[name]` optional, `[name...]` many. `complete`: which names completion offers. */
export interface ArgumentSpec {
  readonly name: string;
  readonly help: string;
  readonly complete?: NameKind;
  readonly values?: readonly string[];
}

/** One command. Adding a command is adding one of these to its noun's list. */
export interface CommandSpec {
  readonly verb: string;
  readonly summary: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Takes --dry-run, --wait and --timeout. */
  readonly isChange?: boolean;
  /** What --wait waits for; that all nodes have the change when left out. */
  readonly waitsFor?: WaitCondition;
  /** How long --wait waits when no --timeout is given, seconds; a minute when left out. */
  readonly waitSeconds?: number;
  /** Pause of --watch when none is given, seconds. */
  readonly watchSeconds?: number;
  readonly examples?: readonly string[];
  /** Gives the exit code; 0 when nothing is returned. */
  run(call: Call): Promise<number | void>;
}

/** A noun and its verbs; a noun with the single verb '' is a command by itself (`status`). `alias`: its name in earlier releases. */
export interface NounSpec {
  readonly noun: string;
  readonly alias?: string;
  readonly summary: string;
  readonly commands: readonly CommandSpec[];
}
