import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Commands, openCommands } from '../../src/agent/commands/commands.ts';
import { openCommandNote } from '../../src/agent/commands/note.ts';
import type { CommandRunners } from '../../src/agent/commands/runner.ts';
import { openFindings } from '../../src/agent/findings.ts';
import type { ClaimedCommand, ClaimRequest, CommandReport } from '../../src/contract/base/command.ts';
import { AppError } from '../../src/core/errors.ts';
import { durableText } from '../../src/host/own/durable-text.ts';
import { realClock, realRandom } from '../kit/postgres.ts';
import { until } from '../kit/until.ts';
import { memoryLog } from '../kit/virtual-time.ts';

let folder = '';
const running: AbortController[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-commands-'));
});
afterEach(async () => {
  for (const agent of running.splice(0)) agent.abort();
  // An agent that ends may be writing its note just now.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

const noteFile = () => join(folder, 'commands.json');
const noted = async () => (JSON.parse(await readFile(noteFile(), 'utf8')) as { commands: unknown[] }).commands;
const command = (id: number, more: Partial<ClaimedCommand> = {}): ClaimedCommand => ({
  id,
  kind: 'walk',
  args: { far: id },
  secrets: null,
  epoch: 1,
  leftMs: 20_000,
  ...more,
});

/** A region that gives what waits there, once, and takes what is told. */
function fakeRegion() {
  const waiting: ClaimedCommand[] = [];
  const claims: ClaimRequest[] = [];
  const told: (CommandReport & { readonly id: number })[] = [];
  const region = {
    waiting,
    claims,
    told,
    /** Thrown at the next calls. */
    faults: [] as Error[],
    answer: 'taken' as 'taken' | 'late',
    claim: async (request: ClaimRequest): Promise<unknown> => {
      claims.push(request);
      const fault = region.faults.shift();
      if (fault) throw fault;
      return { commands: waiting.splice(0, request.limit) };
    },
    endCommand: async (id: number, report: CommandReport) => {
      const fault = region.faults.shift();
      if (fault) throw fault;
      told.push({ id, ...report });
      return region.answer;
    },
  };
  return region;
}

async function startAgent(channel: ReturnType<typeof fakeRegion>, runners: CommandRunners) {
  const log = memoryLog();
  const findings = openFindings(realClock, log);
  const note = await openCommandNote({ text: durableText(noteFile()), findings, clock: realClock });
  const wait = async (ms: number, signal?: AbortSignal) => {
    await delay(ms, undefined, signal ? { signal } : {}).catch(() => {});
  };
  const ports = {
    clock: realClock,
    random: realRandom,
    log,
    wait,
    loop: () => Object.assign(() => {}, { end: () => {} }),
  };
  const commands: Commands = openCommands({ ports, channel, note, runners });
  const stop = new AbortController();
  running.push(stop);
  const over = commands.run(stop.signal);
  return {
    commands,
    findings,
    log,
    stop: async () => {
      stop.abort();
      await over;
    },
  };
}

const walk: CommandRunners = { walk: async ({ args }) => ({ result: { walked: args }, sentence: 'Walked.' }) };

describe('an agent that hears of commands', () => {
  it('takes them, notes them before it begins, tells their end and forgets them', async () => {
    const region = fakeRegion();
    let seen: unknown = null;
    const agent = await startAgent(region, {
      walk: async ({ args }) => {
        seen = await noted();
        return { result: args, sentence: 'Walked.' };
      },
    });
    expect(region.claims).toEqual([]);
    region.waiting.push(command(7, { secrets: { password: 'hidden-text' } }));
    agent.commands.noteSign('a'.repeat(32));
    expect(agent.commands.sign()).toBe('a'.repeat(32));
    await until('the end is told', () => region.told.length === 1);
    expect(region.told).toEqual([{ id: 7, epoch: 1, state: 'done', sentence: 'Walked.', result: { far: 7 } }]);
    expect(seen).toEqual([{ id: 7, epoch: 1, kind: 'walk' }]);
    await until('the note is empty', async () => (await noted()).length === 0);
    expect(region.claims[0]).toMatchObject({ kinds: ['walk'], limit: 8 });
    expect(JSON.stringify(agent.log)).not.toContain('hidden-text');
  });

  it('asks again with the same key while no answer comes, and does nothing twice', async () => {
    const region = fakeRegion();
    let runs = 0;
    const second = Promise.withResolvers<void>();
    const agent = await startAgent(region, {
      walk: async () => {
        runs += 1;
        if (runs > 1) await second.promise;
        return { result: {}, sentence: 'Walked.' };
      },
    });
    region.faults.push(new AppError('region_unreachable', 'away'), new AppError('region_unreachable', 'away'));
    region.waiting.push(command(1));
    agent.commands.noteSign('b'.repeat(32));
    await until('it was told', () => region.told.length > 0);
    expect(new Set(region.claims.slice(0, 3).map(({ key }) => key)).size).toBe(1);
    // The same claim answered twice.
    region.waiting.push(command(2));
    agent.commands.noteSign('c'.repeat(32));
    await until('it runs', () => runs === 2);
    const claims = region.claims.length;
    region.waiting.push(command(2));
    agent.commands.noteSign('d'.repeat(32));
    await until('it was given again', () => region.claims.length > claims && region.waiting.length === 0);
    second.resolve();
    await until('it was told', () => region.told.filter(({ id }) => id === 2).length > 0);
    expect(runs).toBe(2);
    expect(region.told.filter(({ id }) => id === 2)).toHaveLength(1);
  });

  it('asks again when a claim found nothing: what it was told of may come a moment later', async () => {
    const region = fakeRegion();
    const agent = await startAgent(region, walk);
    agent.commands.noteSign('e'.repeat(32));
    await until('it asked', () => region.claims.length === 1);
    region.waiting.push(command(1));
    await until('it was told', () => region.told.length === 1);
    expect(region.claims).toHaveLength(2);
    expect(agent.commands.sign()).toBe('e'.repeat(32));
  });

  it('works on eight at once and takes the others when there is room', async () => {
    const region = fakeRegion();
    let now = 0;
    let most = 0;
    const agent = await startAgent(region, {
      walk: async () => {
        now += 1;
        most = Math.max(most, now);
        await delay(30);
        now -= 1;
        return { result: {}, sentence: 'Walked.' };
      },
    });
    for (let id = 1; id <= 20; id += 1) region.waiting.push(command(id));
    agent.commands.noteSign('f'.repeat(32));
    await until('all are told', () => region.told.length === 20);
    expect(most).toBe(8);
    expect(new Set(region.told.map(({ id }) => id)).size).toBe(20);
  });
});

describe('an agent that was restarted', () => {
  it('runs nothing again: it tells what was in flight, and what was told is forgotten', async () => {
    const region = fakeRegion();
    let runs = 0;
    const hang: CommandRunners = {
      walk: async ({ signal }) => {
        runs += 1;
        await delay(60_000, undefined, { signal }).catch(() => {});
        return { result: {}, sentence: 'Walked.' };
      },
    };
    const first = await startAgent(region, hang);
    region.waiting.push(command(5), command(6, { epoch: 3 }));
    first.commands.noteSign('a'.repeat(32));
    await until('both run', () => runs === 2);
    await first.stop();
    expect(region.told).toEqual([]);
    region.faults.push(new AppError('region_unreachable', 'away'));
    const second = await startAgent(region, hang);
    await until('both are told', () => region.told.length === 2);
    expect(
      region.told.map(({ id, epoch, state }) => [id, epoch, state]).sort(([a], [b]) => Number(a) - Number(b)),
    ).toEqual([
      [5, 1, 'interrupted'],
      [6, 3, 'interrupted'],
    ]);
    await until('the note is empty', async () => (await noted()).length === 0);
    // The region may give the same command again, by another claim.
    region.waiting.push(command(5, { epoch: 2 }));
    second.commands.noteSign('b'.repeat(32));
    await until('it runs again', () => runs === 3);
  });

  it('goes on with a note that cannot be read, and says so', async () => {
    await writeFile(noteFile(), '{"commands":[{"id"');
    const region = fakeRegion();
    const agent = await startAgent(region, walk);
    expect(agent.findings.all().map(({ code }) => code)).toEqual(['commands_unusable']);
    region.waiting.push(command(1));
    agent.commands.noteSign('a'.repeat(32));
    await until('it was told', () => region.told.length === 1);
  });

  it('begins nothing that it cannot note', async () => {
    const region = fakeRegion();
    let runs = 0;
    const agent = await startAgent(region, {
      walk: async () => {
        runs += 1;
        return { result: {}, sentence: '' };
      },
    });
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file where the folder was');
    region.waiting.push(command(1));
    agent.commands.noteSign('a'.repeat(32));
    await until('it was told', () => region.told.length > 0);
    expect(runs).toBe(0);
    expect(region.told[0]).toMatchObject({
      id: 1,
      state: 'failed',
      sentence: expect.stringContaining('did not start it'),
    });
    await rm(folder);
  });
});

describe('a run', () => {
  const endOf = async (more: Partial<ClaimedCommand>, runners: CommandRunners) => {
    const region = fakeRegion();
    const agent = await startAgent(region, runners);
    region.waiting.push(command(1, more));
    agent.commands.noteSign('a'.repeat(32));
    await until('it was told', () => region.told.length === 1);
    await until('the note is empty', async () => (await noted()).length === 0);
    await agent.stop();
    return { end: region.told[0], log: JSON.stringify(agent.log) };
  };

  it('that throws is a failure with its sentence, without any secret', async () => {
    const secrets = { password: 'tr0ub4dor' };
    const { end, log } = await endOf(
      { secrets },
      { walk: async (task) => Promise.reject(new Error(`login with ${task.secrets?.['password']} failed`)) },
    );
    expect(end).toMatchObject({ state: 'failed', sentence: 'login with *** failed' });
    expect(log).not.toContain('tr0ub4dor');
  });

  it('is ended at its deadline, with its signal', async () => {
    let isAborted = false;
    const { end } = await endOf(
      { leftMs: 500 },
      {
        walk: ({ signal }) =>
          new Promise(() => {
            signal.addEventListener('abort', () => (isAborted = true));
          }),
      },
    );
    expect(end).toMatchObject({ state: 'failed', sentence: expect.stringMatching(/took longer than the 0\.\d s/) });
    expect(isAborted).toBe(true);
  });

  it('is not begun when its time is over already, or when nobody can run it', async () => {
    const never: CommandRunners = { walk: async () => Promise.reject(new Error('it ran')) };
    expect((await endOf({ leftMs: 100 }, never)).end).toMatchObject({
      sentence: expect.stringContaining('took longer'),
    });
    expect((await endOf({ kind: 'toString' }, walk)).end).toMatchObject({
      state: 'failed',
      sentence: 'this agent cannot run commands of the kind toString',
    });
  });

  it('whose result is too large is a failure', async () => {
    const { end } = await endOf({}, { walk: async () => ({ result: 'x'.repeat(70_000), sentence: 'Walked.' }) });
    expect(end).toMatchObject({
      state: 'failed',
      sentence: expect.stringContaining('70002 bytes. Rule: at most 65536'),
    });
  });
});

describe('the end of a command', () => {
  it('is told until a region takes it; one that is late is forgotten', async () => {
    const region = fakeRegion();
    region.answer = 'late';
    const agent = await startAgent(region, {
      walk: async () => {
        region.faults.push(...Array.from({ length: 3 }, () => new AppError('region_unreachable', 'away')));
        return { result: {}, sentence: 'Walked.' };
      },
    });
    region.waiting.push(command(1));
    agent.commands.noteSign('a'.repeat(32));
    await until('it was told', () => region.told.length === 1);
    await until('the note is empty', async () => (await noted()).length === 0);
  });

  it('that no region can take is told as a failure, and then given up', async () => {
    const region = fakeRegion();
    const refused = new AppError('region_refused', 'it is too deep');
    const agent = await startAgent(region, {
      walk: async () => {
        region.faults.push(refused);
        return { result: {}, sentence: 'Walked.' };
      },
    });
    region.waiting.push(command(1));
    agent.commands.noteSign('a'.repeat(32));
    await until('it was told', () => region.told.length === 1);
    expect(region.told[0]).toMatchObject({
      state: 'failed',
      sentence: 'The region did not accept the result of the command.',
    });
  });
});
