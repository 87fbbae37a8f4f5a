import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { parseRackConf } from '../../../../src/model/cluster/rack-conf.ts';

const UUID = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
const read = (text: string) => {
  const conf = parseRackConf('rack.conf', text);
  return isRejected(conf) ? conf.message : conf;
};

describe('rack.conf', () => {
  it.each([
    `MAAS_URL=http://10.0.0.1:5240/MAAS\nCLUSTER_UUID=${UUID}\n`,
    `\uFEFF# a comment\r\n\r\nexport MAAS_URL = "http://10.0.0.1:5240/MAAS/"  # why\r\n  CLUSTER_UUID='${UUID.toUpperCase()}'\r\n`,
    `MAAS_URL=http://10.0.0.1\nMAAS_URL=http://10.0.0.1:5240/\nOTHER=1\nCLUSTER_UUID=${UUID}`,
  ])('accepts what people write: %j', (text) => {
    expect(read(text)).toEqual({ urls: ['http://10.0.0.1:5240'], uuid: UUID });
  });

  it('several regions, IPv6, https and its port, names, nothing at all', () => {
    const urls = 'MAAS_URL="http://[fd00::1]:80/MAAS, https://r1.example.test, http://r2"';
    expect(read(urls)).toEqual({
      urls: ['http://[fd00::1]:80', 'https://r1.example.test:5443', 'http://r2:5240'],
      uuid: null,
    });
    expect(read('')).toEqual({ urls: [], uuid: null });
    expect(read('MAAS_URL=\nCLUSTER_UUID=""\n')).toEqual({ urls: [], uuid: null });
  });

  it.each([
    ['# x\nnonsense\n', 'rack.conf, line 2: there is no "="'],
    [`\n\nCLUSTER_UUID=${UUID}0`, 'rack.conf, line 3: CLUSTER_UUID:'],
    ['CLUSTER_UUID=00000000-0000-0000-0000-000000000000', 'rack.conf, line 1: CLUSTER_UUID:'],
    ['MAAS_URL=10.0.0.1:5240', 'rack.conf, line 1: MAAS_URL:'],
    ['MAAS_URL=http://10.0.0.1:0/MAAS', 'rack.conf, line 1: MAAS_URL:'],
    ['MAAS_URL=http://10.0.0.1:70000', 'rack.conf, line 1: MAAS_URL:'],
    ['MAAS_URL=http://10.0.0.1/other', 'rack.conf, line 1: MAAS_URL:'],
    ['MAAS_URL=ftp://10.0.0.1', 'rack.conf, line 1: MAAS_URL:'],
    ['MAAS_URL="http://u:p@10.0.0.1"', 'rack.conf, line 1: MAAS_URL:'],
    ['MAAS_URL="http://r1', 'rack.conf, line 1: the quote " is not closed'],
    ['MAAS_URL="http://r1" x', 'rack.conf, line 1: there is text after the closing quote'],
  ])('%j is refused with its line', (text, sentence) => {
    expect(read(text)).toContain(sentence);
  });
});
