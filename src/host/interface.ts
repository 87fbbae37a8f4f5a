import type {
  Command,
  ExecResult,
  FileContent,
  HostFacts,
  UnitMount,
  UnitState,
  UnitVerb,
} from '../core/host-values.ts';

/** Files of this host. Paths are absolute. Faults are AppErrors with codes `no_space`, `denied`, `io`. */
export interface HostFiles {
  /** Whole text; null when there is no such file. */
  read(path: string): Promise<string | null>;
  /** Absolute paths of all regular files below a folder, sorted; empty when there is no folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Writes beside the target, fsyncs, renames, fsyncs the folder; makes missing parent folders with the file's owner. */
  install(file: FileContent): Promise<void>;
  /** Renames within one file system, durably; keeps owner and mode. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file; no error when it is not there. */
  remove(path: string): Promise<void>;
}

/** systemd of this host. */
export interface HostUnits {
  state(unit: string): Promise<UnitState>;
  /** Acts and waits for the job, at most `timeoutMs` (AppError `timeout`); a refused or failed job is `unit_failed`. */
  act(unit: string, verb: UnitVerb, timeoutMs: number): Promise<void>;
  /** What the unit's main process has at a folder; null: the unit does not run. */
  mount(unit: string, folder: string): Promise<UnitMount | null>;
}

/** The operating system: the one interface by which our code changes a host. */
export interface Host {
  readonly files: HostFiles;
  readonly units: HostUnits;
  exec(command: Command): Promise<ExecResult>;
  /** Facts; `versions`: the commands whose first output line is the version of each daemon. */
  facts(versions: Readonly<Record<string, Command>>): Promise<HostFacts>;
}

/** A small text that survives a crash whole: the old one or the new one. Faults as in HostFiles. */
export interface DurableText {
  /** Null when it was never written. */
  read(): Promise<string | null>;
  write(text: string): Promise<void>;
  /** Removes it; no error if it was never written. */
  remove(): Promise<void>;
  /** Renames an unusable text to `<path>.<suffix>`, for people to read; gives the new path. */
  setAside(suffix: string): Promise<string>;
}
