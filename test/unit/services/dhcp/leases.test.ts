import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { isQuestion } from '../../../../src/core/host-values.ts';
import { allows } from '../../../../src/host/policy.ts';
import { keaLeases as keaLeasesAt, leaseCommands } from '../../../../src/services/dhcp/leases.ts';
import { OWN_PLACES } from '../../../../src/services/dhcp/places.ts';
import { answer } from '../../../kit/exec-result.ts';

const keaLeases = keaLeasesAt(OWN_PLACES);

/** As Kea 2.6.3 answers. */
const ROW = {
  'client-id': '01:52:54:00:00:00:07',
  cltt: 1_795_174_910,
  'fqdn-fwd': false,
  'fqdn-rev': false,
  hostname: 'web1',
  'hw-address': '52:54:00:00:00:07',
  'ip-address': '10.10.1.7',
  state: 0,
  'subnet-id': 7,
  'valid-lft': 600,
};
const pageOf = (...leases: unknown[]) =>
  keaLeases.parsePage(
    answer({ arguments: { count: leases.length, leases }, result: leases.length > 0 ? 0 : 3, text: '' }),
  );
const leasesOf = (...rows: unknown[]) => {
  const page = pageOf(...rows);
  if (isRejected(page)) throw new Error(page.message);
  return page.leases;
};

describe('a page of leases', () => {
  it('is read as Kea writes it', () => {
    expect(pageOf(ROW)).toEqual({
      leases: [
        {
          address: '10.10.1.7',
          subnetId: 7,
          mac: '52:54:00:00:00:07',
          clientId: '01:52:54:00:00:00:07',
          hostname: 'web1',
          state: 'active',
          startsAt: 1_795_174_910,
          expiresAt: 1_795_175_510,
        },
      ],
      next: null,
    });
    expect(pageOf()).toEqual({ leases: [], next: null });
    expect(leasesOf({ ...ROW, state: 1, 'hw-address': '', hostname: '' })).toMatchObject([
      { state: 'declined', mac: null },
    ]);
  });

  it('goes on after its last address as long as pages are full', () => {
    const rows = Array.from({ length: 500 }, (_, index) => ({
      ...ROW,
      'ip-address': `10.10.${index >> 8}.${index & 255}`,
    }));
    const page = pageOf(...rows);
    expect(page).toMatchObject({ next: '10.10.1.243' });
    // Leases that ended take places of a page, too.
    expect(pageOf(...rows.map((row) => ({ ...row, state: 2 })))).toEqual({ leases: [], next: '10.10.1.243' });
    expect(isRejected(pageOf(...rows.slice(1), { state: 0 }))).toBe(true);
  });

  it.each([
    ['an ended lease', { state: 2 }],
    ['one that was given back', { 'valid-lft': 0 }],
    ['a state of a later Kea', { state: 3 }],
    ['an address of another kind', { 'ip-address': '2001:db8::1' }],
    ['no address', { 'ip-address': '10.10.1.256' }],
    ['no time', { cltt: '1' }],
    ['a time beyond all times', { cltt: 1e18 }],
    ['a negative lifetime', { 'valid-lft': -1 }],
    ['no subnet', { 'subnet-id': null }],
  ])('leaves out %s', (_what, changes) => {
    expect(leasesOf({ ...ROW, ...changes })).toEqual([]);
  });

  it('takes what clients call themselves for what it is', () => {
    const hostile = ['\u001b[2J', 'a\u0000b', '\ud800', '"; drop', '*.evil', 'x'.repeat(400)];
    const rows = leasesOf(...hostile.map((hostname) => ({ ...ROW, hostname })));
    for (const { hostname } of rows) expect(hostname).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]{1,255}$/u);
    expect(leasesOf({ ...ROW, 'client-id': 'zz', 'hw-address': `52${':54'.repeat(20)}`, hostname: 7 })).toMatchObject([
      { clientId: null, mac: null, hostname: '' },
    ]);
  });

  it.each([
    [
      'a socket that is not there',
      answer('', { code: null, failure: '/run/kea/x is not there: the daemon is not running' }),
      /not running/,
    ],
    ['a hung daemon', answer('', { code: null, timedOut: true }), /did not answer within/],
    ['an answer cut off', answer('{"arguments": {"leases": [ {"cl'), /not answer in JSON/],
    ['a missing hook', answer({ result: 2, text: "'lease4-get-page' command not supported." }), /not supported/],
    ['a refusal with controls', answer({ result: 1, text: '\u001b[31mno\n' }), /\[31mno/],
    ['a list that is none', answer({ result: 0, arguments: { leases: 'x' } }), /no list/],
    ['something else', answer('[]'), /no reason/],
  ])('%s is a refusal with its sentence', (_what, answer, sentence) => {
    const refused = keaLeases.parsePage(answer);
    expect(isRejected(refused) && refused.message).toMatch(sentence);
    expect(isRejected(refused) && refused.message).not.toMatch(/\p{Cc}/u);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        keaLeases.parsePage(answer(text));
        keaLeases.parseSign(answer(text));
      }),
    );
  });
});

describe('the sign of a change', () => {
  const sign = (...samples: unknown[]) =>
    keaLeases.parseSign(answer({ arguments: { 'pkt4-received': samples }, result: 0 }));

  it('is the last count and its time', () => {
    const one = [10, '2026-11-20 11:41:50.101421'];
    expect(sign(one, [9, '2026-11-20 11:41:49.000000'])).toEqual(sign(one));
    expect(sign([11, '2026-11-20 11:41:51.000000'], one)).not.toEqual(sign(one));
    // A Kea that was started anew and came to the same count.
    expect(sign([10, '2026-11-20 12:00:00.000000'])).not.toEqual(sign(one));
  });

  it('is a refusal when Kea does not count', () => {
    expect(isRejected(keaLeases.parseSign(answer({ arguments: {}, result: 0 })))).toBe(true);
    expect(isRejected(sign())).toBe(true);
  });
});

describe('what the helper asks for it', () => {
  const isAllowed = (request: string) => {
    const { sign } = keaLeases;
    const socket = isQuestion(sign) ? sign.socket : '';
    return leaseCommands(OWN_PLACES).some((rule) => allows(rule, { socket, request, timeoutMs: 1 }));
  };

  it('is these questions', () => {
    for (const question of [keaLeases.sign, keaLeases.page(null), keaLeases.page('10.10.1.7')]) {
      expect(isQuestion(question) && isAllowed(question.request)).toBe(true);
    }
  });

  it.each([
    '{"command":"lease4-wipe"}',
    '{"command":"lease4-get-page","arguments":{"from":"start","limit":500}} {"command":"shutdown"}',
    '{"command":"lease4-get-page","arguments":{"from":"10.0.0.1\\"","limit":500}}',
    '{"command":"statistic-get","arguments":{"name":"pkt4-sent"}}',
  ])('is not %s', (request) => {
    expect(isAllowed(request)).toBe(false);
  });
});
