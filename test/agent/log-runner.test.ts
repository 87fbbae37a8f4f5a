import { describe, expect, it } from 'vitest';
import { COMMAND_KINDS, isResultOf } from '../../src/contract/command-kinds.ts';
import { RESULT_MAX } from '../../src/contract/base/command.ts';
import type { JournalQuestion } from '../../src/host/observe/journal-lines.ts';
import { logRunner } from '../../src/main/calls/log-runner.ts';
import { SERVICES } from '../../src/services/registry.ts';

const AT = '2026-03-01T10:00:00.000Z';
const line = (text: string, priority = 6) => ({ at: AT, program: 'named', priority, text });

function runner(lines: readonly ReturnType<typeof line>[]) {
  const asked: JournalQuestion[] = [];
  const run = logRunner({
    services: SERVICES,
    read: async (question) => {
      asked.push(question);
      return { lines, cursor: 's=1;i=2', isCut: false };
    },
  });
  const ask = (part: string) =>
    run({ args: { part, lines: 10, after: null }, secrets: null, leftMs: 5000, signal: new AbortController().signal });
  return { ask, asked };
}

describe('the log of a part', () => {
  it('is that of its units, without secrets, in the form of its kind', async () => {
    const { ask, asked } = runner([line('loaded'), line('password=hunter2hunter2', 3), line('hm', 4), line('x', 7)]);
    const { result, sentence } = await ask('dns');
    expect(asked).toMatchObject([{ units: ['named.service'], lines: 10, after: null }]);
    expect(result).toEqual({
      items: [
        { at: AT, program: 'named', level: 'info', text: 'loaded' },
        { at: AT, program: 'named', level: 'error', text: 'password=***' },
        { at: AT, program: 'named', level: 'warning', text: 'hm' },
        { at: AT, program: 'named', level: 'debug', text: 'x' },
      ],
      cursor: 's=1;i=2',
      isCut: false,
    });
    expect(isResultOf('read-log', result)).toBe(true);
    expect(sentence).toBe('4 lines of dns.');
  });

  it('is of nothing but parts of Regent: an instance and its programs, too', async () => {
    const { ask, asked } = runner([]);
    await ask('dhcp@k1_k2');
    await ask('agent');
    await ask('region');
    expect(asked.map(({ units }) => units[0])).toEqual([
      'kea-dhcp4@k1_k2.service',
      'regent-agent.service',
      'regent-regiond.service',
    ]);
    for (const part of ['ssh', 'ssh.service', 'constructor', '*', '', 'dns@x', 'dhcp@../x'])
      await expect(ask(part), part).rejects.toThrow('knows no part');
    expect(asked).toHaveLength(3);
  });

  it('fits into a result, however long its lines are', async () => {
    const { ask, asked } = runner([]);
    await ask('dns');
    // Masking makes no line longer than a few characters.
    expect(asked[0]?.bytes).toBeLessThan(RESULT_MAX * 0.8);
    expect(COMMAND_KINDS['read-log'].isPassing).toBe(true);
  });
});
