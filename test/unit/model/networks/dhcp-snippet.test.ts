import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { parseSnippet } from '../../../../src/model/networks/dhcp-snippet.ts';

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
    ['global', '{"valid-lifetime": 5}', /valid-lifetime is 5\. Rule: a whole number, 60 to 604800/],
    [HOST, '{"valid-lifetime": 600}', /a snippet for all, or for a subnet, has it/],
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

describe('a snippet of statements', () => {
  it.each([
    ['global', 'option log-servers 192.0.2.14;', { 'option-data': [{ name: 'log-servers', data: '192.0.2.14' }] }],
    [
      SUBNET,
      'option routers 10.0.0.1 ; # the other one\n\toption domain-search "a.test", "b.test";',
      {
        'option-data': [
          { name: 'routers', data: '10.0.0.1' },
          { name: 'domain-search', data: 'a.test, b.test' },
        ],
      },
    ],
    [
      SUBNET,
      'OPTION bootfile-name "a,b"; option ip-forwarding on; option static-routes 10.1.0.0 10.0.0.1, 10.2.0.0 10.0.0.2;',
      {
        'option-data': [
          { name: 'boot-file-name', data: String.raw`a\,b` },
          { name: 'ip-forwarding', data: 'true' },
          { name: 'static-routes', data: '10.1.0.0, 10.0.0.1, 10.2.0.0, 10.0.0.2' },
        ],
      },
    ],
    [
      SUBNET,
      'default-lease-time 600; min-lease-time 60;\nmax-lease-time 7200; filename "boot/x.efi"; server-name "tftp1";',
      {
        'valid-lifetime': 600,
        'min-valid-lifetime': 60,
        'max-valid-lifetime': 7200,
        'boot-file-name': 'boot/x.efi',
        'server-hostname': 'tftp1',
      },
    ],
    [HOST, 'next-server 10.0.0.9;', { 'next-server': '10.0.0.9' }],
    [
      SUBNET,
      'option vendor-encapsulated-options 01:4:c0:00:02:01; option option-150 "x"; option unknown-151 0a:0B;',
      {
        'option-data': [
          { name: 'vendor-encapsulated-options', 'csv-format': false, data: '0104C0000201' },
          { code: 150, 'csv-format': false, data: '78' },
          { code: 151, 'csv-format': false, data: '0A0B' },
        ],
      },
    ],
    [
      'global',
      'option own code 230 = array of ip-address; option own 10.0.0.1, 10.0.0.2;',
      {
        'option-def': [{ name: 'own', code: 230, type: 'ipv4-address', array: true }],
        'option-data': [{ code: 230, 'csv-format': false, data: '0A0000010A000002' }],
      },
    ],
    [
      SUBNET,
      'option rfc3442 code 121 = array of integer 8; option rfc3442 24, 192,168,1, 10,0,0,1;',
      { 'option-data': [{ code: 121, 'csv-format': false, data: '18C0A8010A000001' }] },
    ],
    [
      'global',
      'option pair code 231 = { boolean, signed integer 16, text }; option pair true -2 "é";',
      {
        'option-def': [{ name: 'pair', code: 231, type: 'record', 'record-types': 'boolean, int16, string' }],
        'option-data': [{ code: 231, 'csv-format': false, data: '01FFFEC3A9' }],
      },
    ],
    [SUBNET, '# nothing yet', {}],
  ])('for %s may be %s', (scope, text, fragment) => {
    expect(parseSnippet(scope, text)).toEqual(fragment);
  });

  it.each([
    ['global', 'option routers 10.0.0.1; next', /"next" does not end\. Rule: a statement ends with a semicolon/],
    ['global', 'filename "a;', /is not a statement\. Rule: a text ends with "/],
    ['global', 'filename a;', /"filename a" is not usable\. Rule: filename "TEXT";/],
    ['global', 'default-lease-time soon;', /Rule: default-lease-time SECONDS;/],
    ['global', 'max-lease-time -1;', /Rule: max-lease-time SECONDS;/],
    ['global', 'default-lease-time 5;', /valid-lifetime is 5/],
    ['global', 'option routers;', /the option routers has no value/],
    ['global', 'option dhcp6.name-servers 2001:db8::1;', /DHCP for IPv4/],
    ['global', 'option space PXE;', /without option spaces/],
    ['global', 'option host-name = "x";', /without expressions/],
    ['global', 'option option-150 10.0.0.1;', /what the values of the option 150 are/],
    ['global', 'option own code 300 = text; option own "x";', /Rule: option NAME code 1–254 = TYPE/],
    ['global', 'option own code 230 = encapsulate PXE;', /Rule: option NAME code/],
    ['global', 'option own code 230 = integer 8; option own 256;', /values of the type integer 8/],
    ['global', 'option own code 230 = integer 8; option own 1, 2;', /values of the type integer 8/],
    ['global', 'option own code 230 = ip-address; option own 2001:db8::1;', /values of the type ip-address/],
    ['global', 'if exists user-class { filename "x"; }', /has no blocks.* client class/],
    ['global', 'ddns-updates off;', /"ddns-updates" is not known here\. Rule: statements are option, filename/],
    [SUBNET, 'next-server 10.0.0.1;', /set --boot-server/],
    [HOST, 'default-lease-time 600;', /for all, or for a subnet/],
    ['global', 'option routers ä;', /printable ASCII/],
  ])('for %s is not %s', (scope, text, message) => {
    const refusal = parseSnippet(scope, text);
    expect(isRejected(refusal) && refusal.message).toMatch(message);
    expect(isRejected(refusal) && refusal.fields?.[0]?.field).toBe('text');
  });
});
