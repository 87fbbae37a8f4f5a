import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type ExecResult, isQuestion, nameOfCommand } from '../../src/core/host-values.ts';
import type {
  Activation,
  AnyService,
  FileChange,
  Metric,
  RenderedFile,
  StagedFile,
  Templates,
} from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import type { DebianHost, Ran } from './debian-root.ts';
import { sendSignal } from './send-signal.ts';
import { FACTS } from './snapshots.ts';
import { until } from './until.ts';

/** Drives one real daemon in a private host the way the engine does, without the engine: every step is the service's own. */
export class DaemonBench {
  readonly #host: DebianHost;
  readonly #service: AnyService;
  readonly #templates: Templates;
  readonly #argv: readonly string[];
  #installed: readonly RenderedFile[] = [];
  #daemon: ChildProcess | null = null;
  #generation = 0;
  /** Restarts after a question of an activation that was answered with no: the engine forces them. */
  forced = 0;
  /** What the host knows of itself. */
  facts = FACTS;
  /** What a reload of the daemon's unit runs, for a daemon that has one. */
  reload: readonly string[] = [];
  /** What the daemon wrote to its standard error. */
  log = '';

  constructor(host: DebianHost, service: AnyService, templates: Templates, argv: readonly string[]) {
    this.#host = host;
    this.#service = service;
    this.#templates = templates;
    this.#argv = argv;
  }

  /** Renders, checks, installs, activates and waits until the probe is healthy. Gives the activation. */
  async apply(desired: unknown): Promise<Activation> {
    this.#generation += 1;
    const context = { facts: this.facts, templates: this.#templates, generation: this.#generation };
    const files = renderService(this.#service, desired, context);
    const changes = changesBetween(this.#installed, files);
    for (const ran of await checkFiles(this.#host, this.#service, files, changes)) {
      if (ran.code !== 0) throw new Error(`${ran.stdout}${ran.stderr}`);
    }
    for (const change of changes) {
      const file = files.find((item) => item.target === change.target);
      if (file) this.#host.write(file.target, file.content, file);
      else await this.#host.run(['rm', change.target]);
    }
    this.#installed = files;
    const activation = this.#service.activate(changes, this.facts);
    await this.#activate(activation);
    await this.healthy(desired);
    return activation;
  }

  /** Waits for a healthy probe. */
  async healthy(desired: unknown): Promise<void> {
    let detail = '';
    await until(`${this.#service.name} is healthy`, async () => {
      const health = await this.probe(desired);
      detail = health.detail;
      return health.isHealthy;
    }).catch((error: unknown) => {
      throw new Error(`${detail}\n${this.log}`, { cause: error });
    });
  }

  /** One probe. */
  async probe(desired: unknown) {
    return this.#service.parseProbe(await this.#ask(desired), desired);
  }

  /** Numbers of one probe by their names; those with labels are `name{key=value}`. */
  async metrics(desired: unknown): Promise<Record<string, number>> {
    const metrics = this.#service.metrics?.(await this.#ask(desired), desired) ?? [];
    const nameOf = ({ name, isTotal, labels }: Metric) => {
      const about = Object.entries(labels ?? {}).map((label) => label.join('='));
      return `${name}${isTotal ? '_total' : ''}${about.length === 0 ? '' : `{${about.join(',')}}`}`;
    };
    return Object.fromEntries(metrics.map((metric) => [nameOf(metric), metric.value]));
  }

  async #ask(desired: unknown): Promise<readonly ExecResult[]> {
    const answers: ExecResult[] = [];
    const ask = async () => {
      answers.length = 0;
      for (const command of this.#service.probe(desired)) answers.push(await this.#host.exec(command));
    };
    await ask();
    // As the engine does: what is missing is put right, and the daemon is asked once more.
    const amending = this.#service.amend?.(answers, desired) ?? [];
    for (const command of amending) await this.#host.exec(command);
    if (amending.length > 0) await ask();
    return answers;
  }

  /** Ends the daemon by its own process. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = null;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const isGone = new Promise((resolve) => daemon.once('exit', resolve));
    // The child is nsenter, which waits for the daemon: the daemon itself is its child.
    const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').match(/\d+/g) ?? [];
    for (const pid of children) sendSignal(Number(pid), 'SIGTERM');
    // It has not forked yet, or its child is gone: then it is the one to end. (Number 0 would be this process and all its group.)
    if (children.length === 0) daemon.kill('SIGTERM');
    // nsenter stops itself when a test stops the daemon, and does not notice that it goes on.
    daemon.kill('SIGCONT');
    await isGone;
  }

  /** Starts the daemon, ending the one that runs. */
  async restart(): Promise<void> {
    await this.stop();
    this.#daemon = this.#host.start(this.#argv);
    this.#daemon.stderr?.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
  }

  async #activate(activation: Activation): Promise<void> {
    // A daemon that is down is started instead, as the engine does.
    if (activation.kind === 'restart' || (activation.kind !== 'none' && this.#daemon === null)) {
      await this.restart();
    } else if (activation.kind === 'reload') {
      const ran = await this.#host.run(this.reload);
      if (ran.code !== 0) throw new Error(`${this.reload.join(' ')}: ${ran.stdout}${ran.stderr}`);
    } else if (activation.kind === 'command') {
      for (const command of activation.commands) {
        const ran = await this.#host.exec(command);
        if (ran.code === 0) continue;
        if (!isQuestion(command)) throw new Error(`${nameOfCommand(command)}: ${ran.stdout}${ran.stderr}`);
        this.log += ran.stdout;
        this.forced += 1;
        return await this.restart();
      }
    }
  }
}

/** Stages files as the engine does and runs the service's checker on them. */
export async function checkFiles(
  host: DebianHost,
  service: AnyService,
  files: readonly RenderedFile[],
  changes: readonly FileChange[] = files.map((file) => ({ target: file.target, kind: 'added' as const })),
): Promise<readonly Ran[]> {
  const staged = files.map((file): StagedFile => {
    const path = `${service.folder}/.stage${file.target.slice(service.folder.length)}`;
    host.write(path, file.content, file);
    return { target: file.target, staged: path, isChanged: changes.some((change) => change.target === file.target) };
  });
  const results: Ran[] = [];
  for (const command of service.check(staged)) {
    results.push(await host.exec(command));
  }
  return results;
}

/** What changes when one list of files follows another; headers do not count. */
function changesBetween(before: readonly RenderedFile[], after: readonly RenderedFile[]): FileChange[] {
  const old = new Map(before.map((file) => [file.target, file.digest]));
  const targets = new Set(after.map((file) => file.target));
  const written = after
    .filter((file) => old.get(file.target) !== file.digest)
    .map((file): FileChange => ({ target: file.target, kind: old.has(file.target) ? 'changed' : 'added' }));
  const removed = before
    .filter((file) => !targets.has(file.target))
    .map((file): FileChange => ({ target: file.target, kind: 'removed' }));
  return [...written, ...removed];
}
