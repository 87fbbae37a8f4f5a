import { describe, expect, it } from 'vitest';
import { formatKeySource, parseKeySource, readKeys } from '../../../../src/model/people/key-source.ts';

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILQ+OqcnvRyfz8Fxz81OskkE7ws6PtJvzD927o1bKB9s';
const ADA = { keeper: 'gh', name: 'ada' } as const;

describe('a source of keys', () => {
  it.each(['gh:ada', 'gh:Ada-L', 'lp:ada', 'lp:ada+lab.x-1'])('takes %s', (text) => {
    const source = parseKeySource(` ${text}\n`);
    expect('keeper' in source ? formatKeySource(source) : source).toBe(text);
  });

  it.each([
    '',
    'ada',
    'gl:ada',
    'gh:',
    'lp:',
    'gh:../ada',
    'gh:a/b',
    'gh:a?x',
    'lp:Ada',
    'lp:%61',
    `gh:${'a'.repeat(40)}`,
    'GH:ada',
  ])('refuses %j', (text) => {
    const source = parseKeySource(text);
    expect(source).toMatchObject({ code: 'invalid_value', message: expect.stringContaining('lp:NAME') });
  });

  it('has each key once, and tells which are not taken', () => {
    const text = `# of ada\r\n${ED25519} ada@laptop\n\n${ED25519}\nssh-dss AAAAB3NzaC1kc3MAAACBAJ\n`;
    expect(readKeys(ADA, text)).toMatchObject({
      keys: [{ type: 'ssh-ed25519', bits: 256 }],
      refused: [expect.stringMatching(/^"ssh-dss ….*": "ssh-dss" is not a supported key type$/)],
    });
  });

  it('is refused without a key, and without one that is taken', () => {
    expect(readKeys(ADA, '\n')).toMatchObject({
      message: expect.stringContaining('ada on github.com has no public keys'),
    });
    expect(readKeys(ADA, 'ssh-dss AAAA\n')).toMatchObject({
      message: expect.stringContaining('no key of ada on github.com is taken'),
    });
    expect(readKeys(ADA, '<html>\n')).toHaveProperty('code', 'invalid_value');
  });
});
