import { AppError } from '../../src/core/errors.ts';
import {
  type Command,
  type ExecResult,
  type FileContent,
  type HostFacts,
  isOpenQuestion,
  isQuestion,
  nameOfCommand,
  type SocketQuestion,
  type UnitMount,
  type UnitState,
  type UnitVerb,
} from '../../src/core/host-values.ts';
import type { Host } from '../../src/host/interface.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a fake daemon takes the files that are there when it starts or reloads. */
export interface FakeDaemon {
  readonly unit: string;
  /** Ends at once with these files. */
  dies(files: ReadonlyMap<string, string>): boolean;
  /** What it answers to its question when it has read these files. */
  answer(files: ReadonlyMap<string, string>): string;
}

export const FAKE_FACTS: HostFacts = {
  hostname: 'r1',
  os: { id: 'debian', version: '13' },
  isContainer: true,
  interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['10.77.0.11'] }],
  versions: {},
};

interface Unit {
  active: UnitState['active'];
  pid: number;
  restarts: number;
  isHung: boolean;
  /** What the daemon read last. */
  loaded: ReadonlyMap<string, string>;
}

/** A whole machine in memory, with failures to switch on. */
export class FakeHost implements Host {
  readonly disk = new Map<string, FileContent>();
  readonly units_: Map<string, Unit>;
  /** Every effect in its order, such as `install /etc/fake/.stage/main.conf` or `restart fake.service`. */
  readonly effects: string[] = [];
  /** The file system of the managed files has no space for paths that this matches. */
  fullFor: RegExp | null = null;
  /** Files that cannot be read. */
  unreadable: RegExp | null = null;
  /** Moves to paths that this matches fail. */
  moveFails: RegExp | null = null;
  /** What a socket answers to a request; null: too late. A path that is not here has no socket. */
  readonly sockets = new Map<string, (request: string) => string | null>();
  /** Programs that are not installed. */
  readonly missing = new Set<string>();
  /** What a checker says about files; null: they are fine. Default: refuses a file with the word `refused`. */
  check: (text: string) => ExecResult | null = (text) =>
    text.includes('refused') ? { ...OK, code: 1, stderr: 'main.conf:2: unknown word' } : null;
  facts_: HostFacts = FAKE_FACTS;
  /** What daemons have at a folder. */
  readonly mounts = new Map<string, UnitMount>();
  /** Thrown by every call: the way to the host is broken. */
  fault: Error | null = null;
  #time: VirtualTime;
  #daemons: readonly FakeDaemon[];
  #killAt: number | null = null;
  #onKill: () => void = () => {};
  #nextPid = 100;

  constructor(time: VirtualTime, daemons: readonly FakeDaemon[]) {
    this.#time = time;
    this.#daemons = daemons;
    this.units_ = new Map(
      daemons.map(({ unit }) => [unit, { active: 'inactive', pid: 0, restarts: 0, isHung: false, loaded: new Map() }]),
    );
  }

  /** After so many more effects whoever uses this host is dead: nothing is ever answered again. Resolves then. */
  killAfter(effects: number): Promise<void> {
    this.#killAt = this.effects.length + effects;
    return new Promise((resolve) => {
      this.#onKill = resolve;
    });
  }

  /** A new user comes. */
  revive(): void {
    this.#killAt = null;
  }

  /** Counts an effect; never resolves when its user has been killed. Memory stores of tests use it too. */
  async effect<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    await this.alive();
    const result = await work();
    this.effects.push(name);
    await this.alive();
    return result;
  }

  async alive(): Promise<void> {
    if (this.fault) throw this.fault;
    if (this.#killAt === null || this.effects.length < this.#killAt) return;
    this.#onKill();
    await new Promise(() => {});
  }

  unit(name: string): Unit {
    const unit = this.units_.get(name);
    if (!unit) throw new Error(`no fake unit ${name}`);
    return unit;
  }

  text(path: string): string | null {
    return this.disk.get(path)?.content ?? null;
  }

  /** kill -9 from outside; systemd (`Restart=always`) starts it again. */
  crash(name: string): void {
    this.#start(name);
    this.unit(name).restarts += 1;
  }

  readonly files: Host['files'] = {
    read: async (path) => {
      await this.alive();
      if (this.unreadable?.test(path)) throw new AppError('io', `${path} is larger than a file of ours may be`);
      return this.text(path);
    },
    list: async (folder) => {
      await this.alive();
      return [...this.disk.keys()].filter((path) => path.startsWith(`${folder}/`)).sort();
    },
    install: (file) =>
      this.effect(`install ${file.path}`, () => {
        if (this.fullFor?.test(file.path) || this.disk.has('/etc/fake/fill'))
          throw new AppError('no_space', `${file.path} could not be written: full`);
        this.disk.set(file.path, file);
      }),
    move: (from, to) =>
      this.effect(`move ${to}`, () => {
        const file = this.disk.get(from);
        if (!file) throw new AppError('io', `${from} could not be moved: ENOENT`);
        if (this.moveFails?.test(to)) throw new AppError('io', `${to} could not be replaced: EIO`);
        this.disk.delete(from);
        this.disk.set(to, { ...file, path: to });
      }),
    remove: (path) => this.effect(`remove ${path}`, () => void this.disk.delete(path)),
  };

  readonly units: Host['units'] = {
    state: async (name) => {
      await this.alive();
      const unit = this.unit(name);
      return {
        load: 'loaded',
        active: unit.active,
        sub: unit.active === 'active' ? 'running' : 'dead',
        mainPid: unit.active === 'active' ? unit.pid : null,
        restarts: unit.restarts,
        sinceMs: null,
      };
    },
    act: (name, verb, timeoutMs) => this.effect(`${verb} ${name}`, () => this.#act(name, verb, timeoutMs)),
    mount: async (name, folder) => {
      await this.alive();
      if (this.unit(name).active !== 'active') return null;
      return this.mounts.get(folder) ?? { kind: null, sizeBytes: null };
    },
  };

  async exec(command: Command): Promise<ExecResult> {
    await this.alive();
    if (isQuestion(command)) return this.#answer(command);
    if (isOpenQuestion(command)) throw new Error(`nobody asks this host for ${nameOfCommand(command)}`);
    const [program = '', verb = '', name = ''] = command.argv;
    if (this.missing.has(program)) return { ...OK, code: null, failure: `${program} could not be started: ENOENT` };
    if (program === 'fake-check') return this.#runCheck(command.argv.slice(1));
    const unit = this.unit(name);
    if (unit.isHung) return this.#timeOut(command.timeoutMs);
    if (program === 'fake-ask') return this.#ask(name);
    return await this.effect(`${program} ${verb} ${name}`, () => {
      if (unit.active !== 'active') return { ...OK, code: 1, stderr: 'connection refused' };
      if (verb === 'reload') this.#load(name);
      return OK;
    });
  }

  async facts(): Promise<HostFacts> {
    await this.alive();
    return this.facts_;
  }

  #answer({ socket, request, expects, timeoutMs }: SocketQuestion): ExecResult {
    const answer = this.sockets.get(socket);
    if (!answer) return { ...OK, code: null, failure: `${socket} is not there: the daemon is not running` };
    const stdout = answer(request);
    if (stdout === null) return this.#timeOut(timeoutMs);
    return { ...OK, code: expects === undefined || new RegExp(expects, 'u').test(stdout) ? 0 : 1, stdout };
  }

  #runCheck(paths: readonly string[]): ExecResult {
    for (const path of paths) {
      const text = this.text(path);
      if (text === null) return { ...OK, code: 1, stderr: `${path}: no such file` };
      const answer = this.check(text);
      if (answer) return answer;
    }
    return OK;
  }

  #timeOut(ms: number): ExecResult {
    this.#time.step(ms);
    return { ...OK, code: null, signal: 'SIGKILL', timedOut: true };
  }

  #ask(name: string): ExecResult {
    const unit = this.unit(name);
    if (unit.active !== 'active') return { ...OK, code: 9, stderr: 'no server' };
    return { ...OK, stdout: this.#daemon(name).answer(unit.loaded) };
  }

  #act(name: string, verb: UnitVerb, timeoutMs: number): void {
    const unit = this.unit(name);
    if (verb === 'kill') {
      // The stop that waited for it comes to its end, and the restart goes on.
      if (unit.active === 'deactivating') this.#start(name);
      return;
    }
    if (verb === 'stop') return this.#stop(unit);
    if (verb === 'start' && unit.active === 'active') return;
    if (verb === 'restart' && unit.isHung) {
      unit.active = 'deactivating';
      this.#time.step(timeoutMs);
      throw new AppError('timeout', `systemctl restart ${name} took longer than ${timeoutMs} ms`);
    }
    if (verb === 'reload') return this.#load(name);
    this.#start(name);
  }

  #stop(unit: Unit): void {
    unit.active = 'inactive';
    unit.isHung = false;
    unit.loaded = new Map();
  }

  #start(name: string): void {
    const unit = this.unit(name);
    unit.isHung = false;
    this.#nextPid += 1;
    unit.pid = this.#nextPid;
    unit.active = 'active';
    this.#load(name);
  }

  #load(name: string): void {
    const unit = this.unit(name);
    const files = new Map([...this.disk].map(([path, file]) => [path, file.content]));
    unit.loaded = files;
    if (this.#daemon(name).dies(files)) unit.active = 'failed';
  }

  #daemon(name: string): FakeDaemon {
    const daemon = this.#daemons.find((candidate) => candidate.unit === name);
    if (!daemon) throw new Error(`no fake daemon for ${name}`);
    return daemon;
  }
}

const OK: ExecResult = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };
