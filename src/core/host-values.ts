/** Values that pass between services (which describe) and hosts (which act). Data only. */

/** A process as data: no shell ever sees it. `user`: whom it runs as, the caller when left out. */
export interface ProcessCommand {
  readonly argv: readonly string[];
  readonly user?: string;
  readonly timeoutMs: number;
  readonly stdin?: string;
  /** The command runs with nice 10, because nobody waits for it: programs that serve calls get the processor first. */
  readonly isPatient?: boolean;
  /** The one right that it gets although its user has none. Only a command whose rule says so may have it. */
  readonly right?: 'net_admin';
}

/**
 * A question to a daemon's unix socket: connect, write `request`, read until the daemon closes. The answer is `stdout` and the code
 * is 0; `expects`: a pattern found somewhere in every good answer, without it the code is 1.
 */
export interface SocketQuestion {
  readonly socket: string;
  readonly request: string;
  readonly expects?: string;
  readonly timeoutMs: number;
}

/**
 * A question over HTTP: GET, or POST of `body`. `https:` shows the node's certificate and takes no answer but one of the cluster's;
 * `http:` may go through `proxy`, a URL. The answer's head and body, as `HTTP/1.1 200 OK` and so on, are `stdout`; the code is 0 whatever
 * the status.
 */
export interface WebQuestion {
  readonly url: string;
  readonly body?: string;
  readonly proxy?: string;
  /** The requested part, such as `bytes=0-0`. */
  readonly range?: string;
  readonly timeoutMs: number;
}

/**
 * A question for a name's SOA record ('.': the root's), over UDP and once (`port`: 53 when left out): what this name server knows itself, or with `isRecursive` finds out. `stdout` has the line
 * `status: NOERROR` (or another status of RFC 1035) and the records, one each line as in a zone file.
 */
export interface NameQuestion {
  readonly nameserver: string;
  readonly port?: number;
  readonly name: string;
  readonly isRecursive?: true;
  readonly timeoutMs: number;
}

/** A query to this host: the text of a small file, or how many blocks of a file system others than root may still write. */
export type FileQuestion = { readonly read: 'text' | 'space'; readonly path: string; readonly timeoutMs: number };

/** A question that needs no rights: the host's driver asks it itself, without a new process. */
export type OpenQuestion = WebQuestion | NameQuestion | FileQuestion;

/** What a host does for us and answers with an ExecResult. */
export type Command = ProcessCommand | SocketQuestion | OpenQuestion;

/** Is it a question to a socket? */
export const isQuestion = (command: Command): command is SocketQuestion => 'socket' in command;

/** Does it need no rights? */
export function isOpenQuestion(command: Command): command is OpenQuestion {
  return !('argv' in command) && !('socket' in command);
}

/** What a command is called in a sentence: its program, or the target of its question. */
export function nameOfCommand(command: Command): string {
  if ('argv' in command) return command.argv[0] ?? '';
  if ('socket' in command) return command.socket;
  if ('url' in command) return command.url;
  return 'path' in command ? command.path : `${command.nameserver} for ${command.name}`;
}

/** An argument that the root helper accepts: this text, or anything that matches the pattern (anchored by the helper). */
export type ArgumentRule = string | { readonly pattern: string };

/** A command line that the root helper accepts for a service; `repeatLast`: the last rule may match one or more arguments. */
export interface ProcessRule {
  readonly argv: readonly ArgumentRule[];
  readonly repeatLast?: boolean;
  /** It reads staged files. What leaves the helper of its messages quotes no other file. */
  readonly isChecker?: boolean;
  /** See `ProcessCommand`. */
  readonly right?: 'net_admin';
}

/** Questions that the root helper asks for a service: `requests` is a pattern for the whole request (anchored by the helper). */
export type QuestionRule = { readonly socket: string; readonly requests: string };

/** What the root helper accepts for a service. */
export type CommandRule = ProcessRule | QuestionRule;

/**
 * What came of a command. `code` null: it did not end by itself (`signal`, `timedOut`), or did not start or could not be sent
 * (`failure`).
 */
export interface ExecResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly failure: string | null;
}

/** A file to install: absolute path, whole content, octal mode as number, owner and group by name. */
export interface FileContent {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

/** systemd's view of a unit. `sinceMs`: wall time in ms when it entered this state, null if unknown. */
export interface UnitState {
  readonly load: 'loaded' | 'not-found' | 'masked' | 'error';
  readonly active: 'active' | 'reloading' | 'inactive' | 'failed' | 'activating' | 'deactivating';
  readonly sub: string;
  readonly mainPid: number | null;
  readonly restarts: number;
  readonly sinceMs: number | null;
}

/** What a unit's main process has at a folder. `kind`: of the file system that is mounted just there, null: none is. `sizeBytes`: its bound, null: not known. */
export type UnitMount = { readonly kind: string | null; readonly sizeBytes: number | null };

/** `kill`: SIGKILL to all processes of the unit, for a daemon that hangs (a stop would wait for its time limit). */
export type UnitVerb = 'start' | 'stop' | 'reload' | 'restart' | 'kill';

/**
 * What a node knows of itself. `versions`: daemon name → version text as it prints it. An interface is `isUp` by its
 * administrator and has a carrier when its link is there; both are missing if the kernel does not report them.
 */
export interface HostFacts {
  readonly hostname: string;
  readonly os: { readonly id: string; readonly version: string };
  readonly isContainer: boolean;
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac: string;
    readonly addresses: readonly string[];
    /** The kernel's number of it: another one when the interface was created again. */
    readonly index?: number;
    readonly isUp?: boolean;
    readonly hasCarrier?: boolean;
  }[];
  readonly versions: Readonly<Record<string, string>>;
}
