import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { until } from '../../kit/until.ts';

const postgres = usePostgres();

const MODULE = new URL('../../../src/main/embedded/postgres.ts', import.meta.url).href;
const OWNER = `
  const { startPostgres } = await import(${JSON.stringify(MODULE)});
  const server = await startPostgres();
  console.log(JSON.stringify({ folder: server.socketFolder, pid: server.pid() }));
  await new Promise(() => setInterval(() => {}, 1000));`;

/** A process of its own that owns a server; what it printed. */
async function owner() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', OWNER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ...(JSON.parse(line.toString()) as { folder: string; pid: number }) };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/cmdline`);
}

test('the server ends and its folder goes when the process that owns it is killed', async () => {
  const { child, folder, pid } = await owner();
  expect([isAlive(pid), existsSync(folder)]).toEqual([true, true]);
  child.kill('SIGKILL');
  await until('server and folder are gone', () => !isAlive(pid) && !existsSync(folder), { deadlineMs: 20_000 });
});

test('halt, start, kill, start: the data stays', async () => {
  const { server } = postgres.get();
  const { database } = await postgres.get().createDatabase('empty');
  await postgres.get().admin('create table kept as select 1 as n', database);
  for (const stop of [() => server.halt(), async () => server.kill('SIGKILL')]) {
    await stop();
    await until('it is gone', () => server.pid() === null);
    await server.start();
    expect(await postgres.get().admin('select n from kept', database)).toEqual([{ n: 1 }]);
  }
});

test('a start of a server that runs is a restart: one that is slow to end does not pass for the new one', async () => {
  const { server } = postgres.get();
  const before = server.pid();
  // Its end takes long, as on a busy host: the postmaster stands still while the next start is asked for.
  server.kill('SIGSTOP');
  setTimeout(() => server.kill('SIGCONT'), 700);
  await server.start();
  expect(server.pid()).not.toBe(before);
  await until('it runs on', async () => (await postgres.get().admin('select 1 as n')).length === 1);
});
