import { describe, expect, it } from 'vitest';
import { mountAt, readMount } from '../../../src/host/observe/unit-mounts.ts';

const BODY = '/var/lib/regent/http/body';
/** As nginx of a rack has it. */
const LINES = [
  '6100 6090 0:50 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/a,size=9k',
  '6150 6100 8:1 /x /var/lib/regent/http rw,nosuid - ext4 /dev/sda1 rw',
  `6151 6150 0:273 / ${BODY} rw,nosuid,nodev,noexec shared:4058 - tmpfs tmpfs rw,size=262144k,nr_inodes=409600`,
];
const at = (...lines: readonly string[]) => mountAt(`${lines.join('\n')}\n`, BODY);

describe('what a process has at a folder', () => {
  it('is the file system that is mounted just there, with its bound', () => {
    expect(at(...LINES)).toEqual({ kind: 'tmpfs', sizeBytes: 256 * 1024 * 1024 });
    expect(at(...LINES.slice(0, 2))).toEqual({ kind: null, sizeBytes: null });
    expect(at(`1 1 0:1 / ${BODY}/x rw - tmpfs tmpfs rw,size=1k`)).toEqual({ kind: null, sizeBytes: null });
  });

  it('is the last one mounted there, and one without a bound has none', () => {
    const loose = `7000 6150 0:9 / ${BODY} rw - tmpfs tmpfs rw,nr_inodes=1`;
    expect(at(...LINES, loose)).toEqual({ kind: 'tmpfs', sizeBytes: null });
    expect(at(`1 1 8:2 / ${BODY} rw master:3 propagate_from:2 - ext4 /dev/sdb rw`)).toEqual({
      kind: 'ext4',
      sizeBytes: null,
    });
  });

  it('takes no other line for one', () => {
    for (const line of ['', 'nonsense', `1 1 0:1 / ${BODY}`, `1 1 0:1 / ${BODY} rw - tm/pfs x rw,size=1k`])
      expect(at(line)).toEqual({ kind: null, sizeBytes: null });
  });

  it('is read of any process, and of none that is gone', async () => {
    expect((await readMount(process.pid, '/proc'))?.kind).toBe('proc');
    expect(await readMount(2 ** 22 + 1, '/proc')).toBeNull();
  });
});
