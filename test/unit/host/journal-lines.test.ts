import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type JournalQuestion, journalReader, linesOf } from '../../../src/host/observe/journal-lines.ts';

/** Lines of units in the journal, by a program that stands in for journalctl. */
function fake(script: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'regent-journal-')), 'journalctl');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const entry = (number: number, more: object = {}) =>
  JSON.stringify({
    MESSAGE: `line ${number}`,
    SYSLOG_IDENTIFIER: 'named',
    PRIORITY: '4',
    __REALTIME_TIMESTAMP: `${1_767_225_600_000_000 + number * 1_000_000}`,
    __CURSOR: `s=a;i=${number}`,
    ...more,
  });
const ASK: JournalQuestion = { units: ['named.service', 'other.service'], lines: 3, after: null, bytes: 10_000 };
const never = new AbortController().signal;
const texts = (output: string, more: Partial<JournalQuestion> = {}) => {
  const found = linesOf(output, { ...ASK, ...more });
  return { ...found, lines: found.lines.map(({ text }) => text) };
};

describe('the journal of units', () => {
  it('is asked for so many lines of these units, or for those after a place', async () => {
    const read = journalReader(
      fake(`echo "{\\"MESSAGE\\":\\"$*\\",\\"__REALTIME_TIMESTAMP\\":\\"1\\",\\"__CURSOR\\":\\"s=1\\"}"`),
    );
    const found = await read(ASK, never);
    expect(found).toMatchObject({ cursor: 's=1', isCut: false });
    expect(found.lines[0]).toMatchObject({ at: '1970-01-01T00:00:00.000Z', program: '', priority: 6 });
    expect(found.lines[0]?.text).toMatch(/ --lines=3 --unit=named\.service --unit=other\.service$/);
    const after = await read({ ...ASK, after: 's=9;i=2' }, never);
    expect(after.lines[0]?.text).toContain(' --after-cursor=s=9;i=2 ');
  });

  it('has the last lines there is room for; after a place the first ones, so that none is left out between', () => {
    const output = [1, 2, 3, 4].map((number) => entry(number)).join('\n');
    expect(texts(output, { lines: 4 })).toEqual({
      lines: ['line 1', 'line 2', 'line 3', 'line 4'],
      cursor: 's=a;i=4',
      isCut: false,
    });
    // A line has some 80 bytes.
    expect(texts(output, { lines: 4, bytes: 200 })).toEqual({
      lines: ['line 3', 'line 4'],
      cursor: 's=a;i=4',
      isCut: true,
    });
    expect(texts(output, { lines: 4, bytes: 200, after: 's=a;i=0' })).toEqual({
      lines: ['line 1', 'line 2'],
      cursor: 's=a;i=2',
      isCut: true,
    });
    expect(texts(output, { lines: 1 })).toMatchObject({ lines: ['line 4'], isCut: true });
    expect(texts('', { after: 's=a;i=4' })).toEqual({ lines: [], cursor: 's=a;i=4', isCut: false });
  });

  it('has text alone, whatever a program wrote', () => {
    const strange = [
      entry(1, { MESSAGE: [104, 255, 105] }),
      entry(2, { MESSAGE: null }),
      entry(3, { MESSAGE: 'a\u0000b\u001b[31m\nc\ud83d' }),
      entry(4, { MESSAGE: `${'x'.repeat(1998)}😀😀` }),
      entry(5, { PRIORITY: '99', SYSLOG_IDENTIFIER: [1] }),
      'nonsense',
      '{}',
    ].join('\n');
    const { lines } = linesOf(strange, { ...ASK, lines: 9, bytes: 100_000 });
    expect(lines.map(({ text }) => text)).toEqual([
      'h\ufffdi',
      '(a line of more than 4096 bytes)',
      'a b [31m c\ufffd',
      `${'x'.repeat(1998)}\ufffd…`,
      'line 5',
    ]);
    expect(lines[4]).toMatchObject({ priority: 7, program: '' });
  });

  it('says why it cannot be read, and ends with its signal', async () => {
    const read = (script: string, signal = never) => journalReader(fake(script))(ASK, signal);
    await expect(read('echo "Failed to seek to cursor" >&2; exit 1')).rejects.toThrow('Failed to seek to cursor');
    expect(await read('exit 1')).toEqual({ lines: [], cursor: null, isCut: false });
    await expect(read('exec sleep 60', AbortSignal.timeout(50))).rejects.toThrow('the journal cannot be read');
    await expect(read('exec yes 0123456789012345678901234567890123456789')).rejects.toThrow('too long');
    await expect(journalReader('/nonexistent')(ASK, never)).rejects.toThrow('the journal cannot be read');
  });
});
