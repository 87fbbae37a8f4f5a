import { expect, it } from 'vitest';
import { nearest } from '../../../src/core/nearest.ts';

it('finds the known text that is most like another one, or none', () => {
  expect(nearest('zoness', ['zones', 'tags'])).toBe('zones');
  expect(nearest('GPU', ['gpu', 'cpu'])).toBe('gpu');
  expect(nearest('completely-else', ['zones', 'tags'])).toBeNull();
  expect(nearest('', [])).toBeNull();
});
