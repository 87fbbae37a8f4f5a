import { describe, expect, it } from 'vitest';
import { foreignOwner, ownerSentence } from '../../../../ha/backup/owner.ts';

const FIRST = { '0000000a_n1_10.0.0.1_done': { time: 100 } };
const SECOND = { ...FIRST, '0000000b_n2_fd00--2': { time: 200 } };

describe('whose store it is', () => {
  it.each([
    ['a store from which nothing was restored', {}, [], null],
    ['the first site, after a restore', FIRST, [], '0000000a'],
    ['the site that was restored', FIRST, ['0000000a'], null],
    ['a site that was recovered from one node later', FIRST, ['0000000a', '0000000c'], null],
    ['a restored site, while another restore is at work', SECOND, ['0000000a'], '0000000b'],
    ['the second restore of a moment after the first one', SECOND, ['0000000a', '0000000b'], null],
    ['the second restore of a moment before the first one', SECOND, ['0000000b'], null],
    ['files that no restore made', { notes: { time: 300 }, '0000000a_N1': {} }, [], null],
    ['two restores of one second', { ...FIRST, '0000000f_n2_10.0.0.2': { time: 100 } }, ['0000000a'], null],
  ])('%s', (_what, listed, epochs, owner) => {
    expect(foreignOwner(listed, epochs)?.epochId ?? null).toBe(owner);
  });

  it('names the host that restored, and what to do', () => {
    const owner = foreignOwner(SECOND, []);
    expect(owner).toEqual({ epochId: '0000000b', name: 'n2', address: 'fd00::2', at: 200 });
    expect(owner === null ? '' : ownerSentence(owner)).toMatch(
      /n2 \(fd00::2\) restored from it at 1970-01-01T00:03:20Z .*regent backup-target set/,
    );
  });
});
