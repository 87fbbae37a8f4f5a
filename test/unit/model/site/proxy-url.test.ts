import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { proxyPlace } from '../../../../src/model/site/proxy-url.ts';
import { parseSetting } from '../../../../src/model/site/settings.ts';

const parse = (value: unknown) => parseSetting('http_proxy', value);

describe('http_proxy', () => {
  it.each([
    ['', '', null],
    ['http://proxy.example.test:3128', 'http://proxy.example.test:3128', { host: 'proxy.example.test', port: 3128 }],
    ['http://PROXY.example.test./', 'http://proxy.example.test:80', { host: 'proxy.example.test', port: 80 }],
    ['http://192.0.2.1:8080/', 'http://192.0.2.1:8080', { host: '192.0.2.1', port: 8080 }],
    ['http://[2001:DB8:0::1]:65535', 'http://[2001:db8::1]:65535', { host: '2001:db8::1', port: 65_535 }],
  ])('takes %j as %j', (given, canonical, place) => {
    expect(parse(given)).toBe(canonical);
    expect(parse(canonical)).toBe(canonical);
    expect(proxyPlace(canonical)).toEqual(place);
  });

  it.each([
    ['https://proxy.example.test:3128', /is not the address of a proxy/],
    ['proxy.example.test:3128', /is not the address of a proxy/],
    ['http://proxy.example.test:0', /has the port 0/],
    ['http://proxy.example.test:65536', /has the port 65536/],
    ['http://proxy.example.test:3128/path', /is not the address of a proxy/],
    ['http://proxy.example.test?x', /is not the address of a proxy/],
    ['http://proxy.example.test:3128\nhttp_access allow all', /is not the address of a proxy/],
    ['http://proxy.example.test:3128 x', /is not the address of a proxy/],
    ['http://[192.0.2.1', /is not the address of a proxy/],
    ['http://[2001:db8::1%eth0]:1', /is not the address of a proxy/],
    ['http://192.0.2.300', /ends in a number/],
    ['http://-x', /is not a domain name/],
    ['http://localhost:3128', /is the node itself/],
    ['http://a.LOCALHOST', /is the node itself/],
    ['http://127.9.9.9:3128', /is the node itself/],
    ['http://0.0.0.0:3128', /is the node itself/],
    ['http://[::1]:3128', /is the node itself/],
    ['http://[::ffff:127.0.0.1]:3128', /is the node itself/],
    [7, /is not a text/],
  ])('refuses %j', (given, sentence) => {
    const refusal = parse(given);
    expect(isRejected(refusal) && refusal.message).toMatch(sentence);
  });

  it.each(['http://joe:hunter2@proxy.example.test:3128', 'http://hunter2@proxy.example.test', 'joe:hunter2@x'])(
    'refuses the credentials in %j and does not repeat them',
    (given) => {
      const refusal = parse(given);
      expect(isRejected(refusal) && refusal.message).toMatch(/a user name or a password.*settings hold no secrets/);
      expect(JSON.stringify(refusal)).not.toContain('hunter2');
    },
  );
});

describe('settings of the proxy', () => {
  it.each([
    ['enable_http_proxy', 'true', /is neither true nor false\. Rule: true or false/],
    ['enable_http_proxy', 1, /is neither true nor false/],
    ['use_peer_proxy', null, /is neither true nor false/],
    ['maas_proxy_port', 80, /out of range.*1024 to 65535/],
    ['maas_proxy_port', 65_536, /out of range/],
    ['maas_proxy_port', 5240, /is taken/],
    ['maas_proxy_port', 5432, /is taken/],
    ['maas_proxy_port', '8000', /out of range/],
    ['proxy_cache_size', 63, /out of range.*64 to 1048576/],
    ['proxy_cache_size', 1.5, /out of range/],
    ['proxy_cache_size', Number.NaN, /out of range/],
  ] as const)('%s refuses %j', (name, value, sentence) => {
    const refusal = parseSetting(name, value);
    expect(isRejected(refusal) && refusal.message).toMatch(sentence);
  });

  it.each([
    ['enable_http_proxy', false],
    ['use_peer_proxy', true],
    ['maas_proxy_port', 3128],
    ['proxy_cache_size', 64],
  ] as const)('%s takes %j', (name, value) => expect(parseSetting(name, value)).toBe(value));
});
