import { describe, expect, it } from 'vitest';
import type { Command, ExecResult } from '../../../src/core/host-values.ts';
import { checkStaged, checkerOutput } from '../../../src/reconcile/check.ts';
import { openGate } from '../../../src/reconcile/gate.ts';
import type { EnginePorts } from '../../../src/reconcile/ports.ts';
import { pause } from '../../kit/until.ts';

const PASSED: ExecResult = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };

/** Ports of a host that keeps account of its checkers. */
function rig(places: number) {
  const seen: Command[] = [];
  let running = 0;
  let most = 0;
  const exec = async (command: Command) => {
    seen.push(command);
    running += 1;
    most = Math.max(most, running);
    await pause(5);
    running -= 1;
    return 'argv' in command && command.argv[0] === 'no' ? { ...PASSED, code: 1, stderr: 'refused' } : PASSED;
  };
  const ports = {
    host: { exec },
    checking: openGate(places),
  } as unknown as EnginePorts;
  return { ports, seen, most: () => most };
}
const checks = (...names: string[]) => names.map((name) => ({ argv: [name], timeoutMs: 100 }));

describe('checkers', () => {
  it('of all services share the places of the host, and give way to others', async () => {
    const { ports, seen, most } = rig(2);
    const asked = [checks('a', 'b', 'c'), checks('d', 'no'), checks('e')];
    const outcomes = await Promise.all(asked.map((commands) => checkStaged(ports, commands)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['passed', 'rejected', 'passed']);
    expect(most()).toBe(2);
    expect(seen).toHaveLength(6);
    expect(seen.every((command) => 'argv' in command && command.isPatient === true)).toBe(true);
  });

  it('of one service are four at once where there are places, and a question is none that could wait', async () => {
    const { ports, seen, most } = rig(8);
    await checkStaged(ports, checks('a', 'b', 'c', 'd', 'e'));
    expect(most()).toBe(4);
    await checkStaged(ports, [{ socket: '/run/x', request: 'q', timeoutMs: 100 }]);
    expect(seen.at(-1)).not.toHaveProperty('isPatient');
  });
});

const said = (stderr: string, stdout = '') =>
  checkerOutput({ code: 1, signal: null, stdout, stderr, timedOut: false, failure: null });

describe('words of a checker', () => {
  it('are its own, or its status', () => {
    expect(said(' no \n', 'not so\n')).toBe('no\nnot so');
    expect(said('')).toBe('status 1');
  });

  it('are cut in their middle, for the reason often stands at the end', () => {
    const words = said(`first ${'x'.repeat(9000)} FATAL: the reason`);
    expect(words).toMatch(/^first x+\n\[…\]\nx+ FATAL: the reason$/);
    expect(words.length).toBeLessThanOrEqual(2000);
  });
});
