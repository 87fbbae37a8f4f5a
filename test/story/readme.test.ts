import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { down } from '../../src/lab/lab.ts';
import { layoutOf } from '../../src/lab/layout.ts';
import { ROOT } from '../kit/documents.ts';
import { removeAbandoned, testInstance } from '../kit/lab.ts';
import { patient } from '../kit/machine.ts';
import { STORY, type StoryStep } from '../kit/readme-story.ts';
import { until } from '../kit/until.ts';

const MINUTE_MS = 60_000;
const WELL_MS = 180_000;
/** Firmware may take four minutes to ask for an address on a busy machine. */
const SOON_MS = 300_000;

/** README, as a stranger reads it: each of its lines is typed into a checkout and a lab of the story's own, in README's order. */
describe('the story of README.md', () => {
  const instance = testInstance('readme');
  const folder = mkdtempSync(join(tmpdir(), 'regent-readme-'));
  const [checkout, home] = [join(folder, 'checkout'), join(folder, 'home')];
  const environment = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    LANG: 'C.UTF-8',
    REGENT_LAB: instance,
  };
  const table: string[] = [];
  let hasMachines = false;

  beforeAll(async () => {
    await removeAbandoned();
    for (const path of [checkout, join(home, '.ssh'), join(folder, 'bin')]) mkdirSync(path, { recursive: true });
    // The reader's own checkout, so that its context is not the developer's.
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
    const archive = execFileSync('tar', ['-c', '--null', '--files-from=-'], {
      cwd: ROOT,
      input: files,
      maxBuffer: 512 * 1024 ** 2,
    });
    execFileSync('tar', ['-x', '-C', checkout], { input: archive });
    // A copy: scripts may install into it, and npm ci empties it first.
    execFileSync('cp', ['-a', '--reflink=auto', `${join(ROOT, 'node_modules')}/.`, join(checkout, 'node_modules')]);
    // The test is root already, and a container may have no sudo.
    symlinkSync('/usr/bin/env', join(folder, 'bin', 'sudo'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, '.ssh', 'id_ed25519')]);
  }, 5 * MINUTE_MS);

  afterAll(async () => {
    console.log(`\nline of README → exit code, seconds\n${table.join('\n')}\n`);
    await down({ layout: layoutOf(instance), isPurge: true, keepBases: true, progress: () => {} });
    rmSync(folder, { recursive: true, force: true });
  }, 10 * MINUTE_MS);

  /** Runs a line as a shell in the checkout does. */
  const type = (line: string, timeoutMs: number) =>
    run(['bash', '-c', `cd "$1"; ${line}`, 'bash', checkout], { timeoutMs, env: environment });

  async function play({
    line,
    codes = [0],
    minutes = 2,
    output,
    soon,
    restore,
    isWellAfter,
  }: StoryStep): Promise<void> {
    const start = performance.now();
    const result = await type(line, patient(minutes * MINUTE_MS));
    const text = `${result.stdout}${result.stderr}`;
    table.push(`${line} → ${result.code}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
    expect(codes, `${line}: ${text.slice(-2000)}`).toContain(result.code);
    expect(text).toMatch(output ?? /^/);
    if (soon !== undefined) {
      const [command, expected] = soon;
      const isThere = async () => expected.test((await type(command, MINUTE_MS)).stdout);
      await until(`the output of ${command}`, isThere, { deadlineMs: patient(SOON_MS), everyMs: 3_000 });
    }
    const restored = restore === undefined ? 0 : (await type(restore, 2 * MINUTE_MS)).code;
    expect(restored, restore).toBe(0);
    if (isWellAfter !== true) return;
    let report = '';
    const isWell = async () => {
      const well = await type('bin/regent status && bin/regent doctor', MINUTE_MS);
      report = `${well.stdout}${well.stderr}`.trim();
      return well.code === 0;
    };
    await until(`a well cluster after ${line}`, isWell, { deadlineMs: patient(WELL_MS), everyMs: 2_000 }).catch(
      (cause: unknown) => {
        throw new Error(`the cluster is not well after ${line}: ${report.slice(-2000)}`, { cause });
      },
    );
  }

  it.each(STORY.map((step) => [step.line, step] as const))(
    '%s',
    async (line, step) => {
      if (step.needsMachines && !hasMachines) return void table.push(`${line} → not played: the lab has no machines`);
      await play(step);
      if (line === 'sudo scripts/up')
        hasMachines = /\bm1\b/.test((await type('scripts/lab machine list', MINUTE_MS)).stdout);
    },
    90 * MINUTE_MS,
  );
});
