import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { NONCE_BYTES, seal, sealingKeyFrom, unseal } from '../../../src/core/seal.ts';

const KEY = sealingKeyFrom('-----BEGIN PRIVATE KEY-----', 'power secrets');
const OTHER = sealingKeyFrom('-----BEGIN PRIVATE KEY-----', 'something else');
const NONCE = '00112233445566778899aabb';

describe('sealing', () => {
  it('opens with its key, at its place, whatever the text', () => {
    const nonce = fc
      .uint8Array({ minLength: NONCE_BYTES, maxLength: NONCE_BYTES })
      .map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), nonce, (text, place, own) => {
        const sealed = seal(KEY, place, text, own);
        expect(unseal([OTHER, KEY], place, sealed)).toBe(text);
        expect(isRejected(unseal([KEY], `${place}x`, sealed))).toBe(true);
      }),
    );
  });

  it('does not open when any character of it was changed', () => {
    const sealed = seal(KEY, 'bmc/1', 'Geheim', NONCE);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
      const opened = unseal([KEY], 'bmc/1', changed);
      // The last character of base64 has bits that do not count.
      expect(isRejected(opened) || (at === sealed.length - 1 && opened === 'Geheim'), `character ${at}`).toBe(true);
    }
    for (const text of ['', 'v1', 'v1.', 'v1.x.y', 'v2.a.b.c', `${sealed}.x`, sealed.slice(0, 30)]) {
      expect(unseal([KEY], 'bmc/1', text)).toMatchObject({ kind: 'rejected', code: 'unavailable' });
    }
  });

  it('tells which key is missing, and nothing of the text', () => {
    const sealed = seal(KEY, 'bmc/1', 'Geheim', NONCE);
    const refusal = unseal([OTHER], 'bmc/1', sealed);
    expect(refusal).toMatchObject({
      message: expect.stringContaining(`sealed by the key ${KEY.id}, and this cluster has ${OTHER.id}`),
    });
    expect(sealed).not.toContain('Geheim');
    expect(JSON.stringify(refusal)).not.toContain('Geheim');
  });

  it('follows from the secret and its purpose, always in the same way', () => {
    expect(KEY.id).not.toBe(OTHER.id);
    expect(KEY.bytes).toHaveLength(32);
    // What was sealed by an earlier release must open: this text never changes.
    expect(unseal([KEY], 'bmc/1', STORED)).toBe('Geheim');
    expect(seal(KEY, 'bmc/1', 'Geheim', NONCE)).toBe(STORED);
  });

  it('wants a whole nonce', () => {
    expect(() => seal(KEY, 'x', 'y', 'ab')).toThrow('12 bytes');
  });
});

const STORED = 'v1.2cc71bd0.ABEiM0RVZneImaq7.KAuFsjGL_O9WlvYv1I0F8tn2dmK22Q';
