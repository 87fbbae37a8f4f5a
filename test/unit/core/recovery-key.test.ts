import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import {
  escrowKey,
  formatRecoveryKey,
  parseRecoveryKey,
  recoveryFingerprint,
  storeCipher,
} from '../../../src/core/recovery-key.ts';
import { seal, unseal } from '../../../src/core/seal.ts';

const HEX = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';

describe('the recovery key', () => {
  it('is read as it was shown, whatever its case and blanks', () => {
    const shown = formatRecoveryKey(HEX);

    expect(shown).toMatch(/^(?:[0-9a-f]{7}-){9}[0-9a-f]{7}$/);
    expect(parseRecoveryKey(shown)).toBe(HEX);
    expect(parseRecoveryKey(` ${shown.toUpperCase().replaceAll('-', ' ')}\n`)).toBe(HEX);
  });

  it('refuses one wrong digit, and quotes nothing of it', () => {
    const wrong = formatRecoveryKey(HEX).replace('0011223', '0011224');
    const answer = parseRecoveryKey(wrong);

    expect(isRejected(answer)).toBe(true);
    expect(JSON.stringify(answer)).not.toContain('0011224');
    expect(isRejected(parseRecoveryKey(HEX))).toBe(true);
  });

  it('gives each use a value of its own', () => {
    const values = [recoveryFingerprint(HEX), storeCipher(HEX), escrowKey(HEX).id];

    expect(new Set(values).size).toBe(3);
    for (const value of values) expect(value).not.toContain(HEX.slice(0, 8));
  });

  it('opens what it sealed, and nothing that another key sealed', () => {
    const sealed = seal(escrowKey(HEX), 'backup-target/escrow', 'the authority', '000102030405060708090a0b');

    expect(unseal([escrowKey(HEX)], 'backup-target/escrow', sealed)).toBe('the authority');
    expect(isRejected(unseal([escrowKey(HEX.replace('0', '1'))], 'backup-target/escrow', sealed))).toBe(true);
  });
});
