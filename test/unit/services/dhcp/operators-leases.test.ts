import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/core/host-values.ts';
import { BOOT_FILES } from '../../../../src/services/dhcp/boot-classes.ts';
import { probeDhcp } from '../../../../src/services/dhcp/daemon.ts';
import type { DhcpDesired, EndedLease } from '../../../../src/services/dhcp/desired.ts';
import { amendDhcp, endCommands, judgeEnds } from '../../../../src/services/dhcp/ends.ts';
import { OWN_PLACES } from '../../../../src/services/dhcp/places.ts';
import { tagOf } from '../../../../src/services/dhcp/view.ts';

const OLD = '52:54:00:00:00:51';
const NEW = '52:54:00:00:00:52';
const ADDRESS = '10.10.10.51';
const OK: ExecResult = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };
const said = (value: object): ExecResult => ({ ...OK, stdout: JSON.stringify(value) });
const lease = (mac: string, changes: object = {}) =>
  said({
    result: 0,
    arguments: { 'ip-address': ADDRESS, 'hw-address': mac, state: 0, cltt: 1000, 'valid-lft': 600, ...changes },
  });
const NONE = said({ result: 3, text: 'Lease not found.' });
/** Answers of the probe: four of Kea's state, then one for each lease that is to end. */
const answers = (...ends: ExecResult[]) => [OK, OK, OK, OK, ...ends];
const wanting = (...endedLeases: EndedLease[]): DhcpDesired => ({
  leaseTime: 600,
  domain: 'regent.internal',
  search: ['regent.internal'],
  networks: [],
  boot: BOOT_FILES,
  lostVlans: [],
  lostLeases: [],
  endedLeases,
});
const KEPT = wanting({ address: ADDRESS, keptFor: NEW, mac: OLD });
const ASKED = wanting({ address: ADDRESS, mac: OLD, before: 1000 });
const DELETE = [`{"command":"lease4-del","arguments":{"ip-address":"${ADDRESS}"}}`];

describe('a lease that is to end', () => {
  it('is asked for with the probe, by questions that the helper allows', () => {
    const questions = probeDhcp(OWN_PLACES, KEPT)
      .slice(4, 5)
      .map((item) => ('request' in item ? item.request : ''));
    expect(questions).toEqual([`{"command":"lease4-get","arguments":{"ip-address":"${ADDRESS}"}}`]);
    const rules = endCommands(OWN_PLACES).map(
      (rule) => new RegExp(`^${'requests' in rule ? rule.requests : ''}$`, 'u'),
    );
    for (const text of [...questions, ...DELETE]) expect(rules.filter((rule) => rule.test(text))).toHaveLength(1);
    expect(rules.some((rule) => rule.test('{"command":"lease4-wipe"}'))).toBe(false);
  });

  it('changes nothing in Kea’s file: no reload for it', () => {
    expect(tagOf(ASKED)).toBe(tagOf(wanting()));
    expect(tagOf({ ...ASKED, leaseTime: 601 })).not.toBe(tagOf(ASKED));
  });

  it.each<[string, DhcpDesired, ExecResult, boolean]>([
    ['the old NIC’s of an address that another one has now', KEPT, lease(OLD), true],
    ['a client’s without a MAC', KEPT, lease(''), true],
    ['not the owner’s own', KEPT, lease(NEW), false],
    ['not one that was declined: another host uses the address', KEPT, lease(OLD, { state: 1 }), false],
    ['not one that was given back', KEPT, lease(OLD, { 'valid-lft': 0 }), false],
    ['not where Kea has none', KEPT, NONE, false],
    ['not where Kea is silent', KEPT, { ...OK, code: 1 }, false],
    ['the one that an operator meant', ASKED, lease(OLD), true],
    ['also when it was declined', ASKED, lease(OLD, { state: 1 }), true],
    ['not one that was renewed since', ASKED, lease(OLD, { cltt: 1001 }), false],
    ['not another client’s', ASKED, lease(NEW), false],
  ])('%s', (_what, desired, answer, isEnded) => {
    const requests = amendDhcp(OWN_PLACES, answers(answer), desired).map((item) =>
      'request' in item ? item.request : '',
    );
    expect(requests).toEqual(isEnded ? DELETE : []);
    expect(judgeEnds(answers(answer), desired)?.isHealthy ?? true).toBe(!isEnded);
  });

  it('keeps the service from being called healthy as long as it stands', () => {
    expect(judgeEnds(answers(lease(OLD)), KEPT)?.detail).toBe(
      `${OLD} still has a lease of ${ADDRESS}, and the address is reserved for ${NEW}`,
    );
    expect(judgeEnds(answers(NONE), KEPT)).toBeNull();
  });
});
