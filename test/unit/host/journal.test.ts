import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type JournalEntry, parseEntry, realJournal } from '../../../src/host/observe/journal.ts';

/** Lines of programs in the journal, by a program that stands in for journalctl. */

function fake(script: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'regent-journal-')), 'journalctl');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
const LINE = JSON.stringify({
  MESSAGE: 'hello',
  SYSLOG_IDENTIFIER: 'in.tftpd',
  __REALTIME_TIMESTAMP: '1767225600123456',
});

describe('the journal', () => {
  it('tells each line of the programs that are asked for, and why its reader ended', async () => {
    const path = fake(
      `echo "$*"; echo '${LINE}'; echo nonsense; head -c 20000 /dev/zero | tr '\\0' x; echo; echo '${LINE}'; echo gone >&2; exit 3`,
    );
    const entries: JournalEntry[] = [];
    const why = await realJournal(path).follow(
      ['in.tftpd', 'regent_http'],
      (entry) => entries.push(entry),
      new AbortController().signal,
    );
    const entry = { identifier: 'in.tftpd', at: 1_767_225_600_123, message: 'hello' };
    expect(entries).toEqual([entry, entry]);
    expect(why).toBe('gone');
  });

  it('ends with its signal, and says where there is no such program', async () => {
    const stop = new AbortController();
    const following = realJournal(fake(`echo '${LINE}'; exec sleep 60`)).follow(['a'], () => stop.abort(), stop.signal);
    expect(await following).toMatch(/ended with/);
    expect(await realJournal('/nonexistent').follow(['a'], () => {}, new AbortController().signal)).toMatch(
      /could not be started/,
    );
  });

  it('reads no entry whose text is bytes', () => {
    expect(
      parseEntry(JSON.stringify({ MESSAGE: [1, 2], SYSLOG_IDENTIFIER: 'a', __REALTIME_TIMESTAMP: '1' })),
    ).toBeNull();
    expect(parseEntry('null')).toBeNull();
  });
});
