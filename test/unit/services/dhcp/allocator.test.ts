import { describe, expect, it } from 'vitest';
import { allocatorOf } from '../../../../src/services/dhcp/allocator.ts';

describe('how Kea looks for an address', () => {
  it.each([
    [[{ first: '10.10.10.200', last: '10.10.10.250' }], 'flq'],
    [[{ first: '10.0.0.0', last: '10.0.255.255' }], 'flq'],
    // One too many, in one pool or in two.
    [[{ first: '10.0.0.0', last: '10.1.0.0' }], undefined],
    [
      [
        { first: '10.0.0.0', last: '10.0.255.255' },
        { first: '10.9.0.1', last: '10.9.0.1' },
      ],
      undefined,
    ],
    [[], undefined],
  ])('%o: %s', (pools, allocator) => {
    expect(allocatorOf({ pools }).allocator).toBe(allocator);
  });
});
