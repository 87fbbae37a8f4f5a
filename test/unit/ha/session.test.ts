import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SESSION = join(import.meta.dirname, '../../../ha/postgres/session');
const run = promisify(execFile);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-session-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What `ask` says, round by round, with a psql that is this shell text: `answer` and `words`, then how often psql was started. */
async function rounds(
  psql: string,
  count: number,
  between = '',
): Promise<{ told: string[]; started: number; descriptors: number }> {
  const started = join(folder, `started-${Math.random()}`);
  await writeFile(join(folder, 'psql'), `#!/bin/bash\necho x >>${started}\n${psql}\n`);
  await chmod(join(folder, 'psql'), 0o755);
  const script = `
    bin=${folder} sockets=${folder} probe_timeout=1 REGENT_DB_PROBE_RENEW=3
    . ${SESSION}
    for round in $(seq ${count}); do ask 'select 1'; echo "$? $reply"; ${between}
    done
    echo "open $(ls /proc/$$/fd | wc -l)"`;
  const { stdout } = await run('bash', ['-c', script], { timeout: 20_000 });
  const lines = stdout.trimEnd().split('\n');
  const text = await readFile(started, 'utf8');
  return {
    told: lines.slice(0, -1).map((line) => line.trimEnd()),
    started: text.trim().split('\n').length,
    descriptors: Number(lines.at(-1)?.slice(5)),
  };
}

/** Answers the marker at once, as psql does when the question's own answer goes to /dev/null. */
const WELL = `while read -r line; do [ "$line" != '\\echo done' ] || echo 'done'; done`;

describe('the session of the watch', () => {
  it('goes on from question to question, and is made anew after its number of them', async () => {
    const few = await rounds(WELL, 3);
    expect(few).toMatchObject({ told: ['0', '0', '0'], started: 1 });
    const many = await rounds(WELL, 10);
    expect(many).toMatchObject({ told: Array(10).fill('0'), started: 4 });
    // Four sessions instead of one: a leak would show three times. One more or less is bash's own, closed when it likes.
    expect(many.descriptors).toBeLessThan(few.descriptors + 2);
  });

  it('tells the words of a server that says why not, and lives', async () => {
    const refuses = await rounds(`echo 'FATAL: the database system is starting up'; exit 2`, 2);
    expect(refuses.told).toEqual(Array(2).fill('0 FATAL: the database system is starting up'));
    const full = `while read -r line; do [ "$line" != '\\echo done' ] || { echo 'ERROR: no space'; echo 'done'; }; done`;
    expect(await rounds(full, 2)).toMatchObject({ told: ['0 ERROR: no space', '0 ERROR: no space'], started: 1 });
  });

  it('is silent when nothing comes in time, and asks the next time over a new session', async () => {
    expect(await rounds('sleep 30', 2)).toMatchObject({ told: ['1', '1'], started: 2 });
    const chatty = `while :; do echo 'WARNING: busy'; sleep 0.4; done`;
    expect((await rounds(chatty, 1)).told).toEqual([expect.stringMatching(/^1 WARNING: busy/)]);
  });

  it('takes an old session’s end for no answer: a new one is asked in the same round', async () => {
    const ended = await rounds(WELL, 3, 'kill -KILL "$asker"');
    expect(ended).toMatchObject({ told: ['0', '0', '0'], started: 3 });
  });
});
