import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { answerOf, askName } from '../../../src/main/region/ask-name.ts';

describe('an answer of a name server', () => {
  it.each([
    ['A', ['10.0.0.2', '10.0.0.1'], ['10.0.0.1', '10.0.0.2']],
    ['MX', [{ exchange: 'mail.test', priority: 10 }], ['10 mail.test']],
    ['SRV', [{ name: 'a.test', port: 53, priority: 1, weight: 2 }], ['1 2 53 a.test']],
    ['TXT', [['a "b"', 'c']], ['"a \\"b\\"" "c"']],
    ['PTR', ['a.test'], ['a.test']],
  ] as const)('of type %s is written as zone files do', (type, found, answers) => {
    expect(answerOf(type, found)).toEqual({ code: 'NOERROR', answers, serial: null });
  });

  it('of type SOA tells the serial number', () => {
    const soa = { nsname: 'ns.test', hostmaster: 'h.test', serial: 42, refresh: 1, retry: 2, expire: 3, minttl: 4 };
    expect(answerOf('SOA', soa)).toEqual({ code: 'NOERROR', answers: ['ns.test h.test 42 1 2 3 4'], serial: 42 });
  });
});

describe('a name server', () => {
  it('that says nothing is told so in time; no address of one is no crash', { timeout: 20_000 }, async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((done) => silent.bind(0, '127.0.0.1', done));
    const { port } = silent.address();
    expect(await askName(`127.0.0.1:${port}`, 'a.test', 'A')).toEqual({ code: 'TIMEOUT', answers: [], serial: null });
    silent.close();
    expect((await askName('nonsense', 'a.test', 'A')).answers).toEqual([]);
  });
});
