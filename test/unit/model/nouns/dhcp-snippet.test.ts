import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { parseSnippet } from '../../../../src/model/nouns/dhcp-snippet.ts';

const SUBNET = '10.0.0.0/24';
const HOST = '52:54:00:00:00:01';

describe('a snippet', () => {
  it.each([
    ['global', { 'option-def': [{ name: 'own', code: 224, type: 'uint8', array: false }] }],
    [
      'global',
      { 'client-classes': [{ name: 'a', test: "option[60].text == 'x'", 'option-data': [{ code: 7, data: '1' }] }] },
    ],
    ['global', { 't1-percent': 0.5, 'renew-timer': 0, 'echo-client-id': true }],
    [SUBNET, { 'option-data': [{ name: 'log-servers', data: '10.0.0.1', 'always-send': true }] }],
    [SUBNET, { 'client-class': 'a', 'require-client-classes': ['b', 'KNOWN'], allocator: 'random' }],
    [HOST, { 'client-classes': ['a'], 'next-server': '10.0.0.1', 'boot-file-name': 'x' }],
    [HOST, {}],
  ])('for %s may be %j', (scope, fragment) => {
    expect(parseSnippet(scope, JSON.stringify(fragment, null, 2))).toEqual(fragment);
  });

  it.each([
    ['global', '{', /not a JSON object/],
    ['global', '[]', /not a JSON object/],
    ['global', 'null', /not a JSON object/],
    ['global', '{"option-data": [] /* a comment */}', /not a JSON object/],
    [
      'global',
      '{"hooks-libraries": []}',
      /"hooks-libraries" is not for a snippet: a library would run inside of Kea\. Rule: a snippet for all clients may have option-data, /,
    ],
    ['global', '{"control-socket": {}}', /agent asks Kea there/],
    ['global', '{"loggers": []}', /where Kea logs/],
    ['global', '{"lease-database": {}}', /is not for a snippet/],
    ['global', '{"subnet4": []}', /regent subnet/],
    ['global', '{"shared-networks": []}', /regent vlan/],
    ['global', '{"server-tag": "x"}', /is not for a snippet/],
    ['global', '{"valid-lifetime": 5}', /set --lease-time/],
    ['global', '{"Dhcp4": {}}', /"Dhcp4" is not for a snippet\. Rule/],
    ['global', '{"output": "/etc/passwd"}', /is not for a snippet/],
    ['global', '{"__proto__": {}}', /"__proto__" is not for a snippet/],
    ['global', '{"constructor": {}}', /is not for a snippet/],
    [
      'global',
      '{"client-classes": [{"name": "a", "hooks": 1}]}',
      /"client-classes\/0\/hooks" is not for a snippet\. Rule: there may have name, test/,
    ],
    ['global', '{"client-classes": [{"name": "bios"}]}', /the class bios is Regent's or Kea's own/],
    ['global', '{"client-classes": [{"name": "HA_x"}]}', /is Regent's or Kea's own/],
    ['global', '{"client-classes": ["a"]}', /client-classes\/0 is "a"\. Rule: an object/],
    ['global', '{"renew-timer": -1}', /renew-timer is -1\. Rule: a whole number/],
    ['global', '{"renew-timer": null}', /renew-timer is null/],
    ['global', '{"t1-percent": 1}', /between 0 and 1/],
    ['global', '{"echo-client-id": "yes"}', /true or false/],
    ['global', '{"option-data": {}}', /a list of at most 256/],
    ['global', '{"option-data": [{"data": "ä"}]}', /printable ASCII/],
    ['global', '{"option-data": [{"data": "a\\nb"}]}', /printable ASCII/],
    ['global', `{"option-data": ${JSON.stringify(Array(257).fill({ code: 1 }))}}`, /a list of at most 256/],
    ['global', `{"option-data": "${'x'.repeat(65_536)}"}`, /characters are too many/],
    [SUBNET, '{"reservations": []}', /machines and reservations/],
    [SUBNET, '{"pools": []}', /regent range/],
    [SUBNET, '{"option-def": []}', /a snippet for a subnet may have/],
    [SUBNET, '{"next-server": "10.0.0.1"}', /set --boot-server/],
    [SUBNET, '{"relay": {}}', /is not for a snippet/],
    [HOST, '{"ip-address": "10.0.0.9"}', /machines and reservations\. Rule: a snippet for a host may have/],
    [HOST, '{"hw-address": "52:54:00:00:00:02"}', /the scope of the snippet says/],
    [HOST, '{"hostname": "x"}', /is not for a snippet/],
  ])('for %s is not %s', (scope, text, message) => {
    const refusal = parseSnippet(scope, text);
    expect(isRejected(refusal) && refusal.message).toMatch(message);
    expect(isRejected(refusal) && refusal.fields?.[0]?.field).toBe('text');
  });
});
