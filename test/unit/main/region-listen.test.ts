import { describe, expect, it } from 'vitest';
import { NO_AUTHORITY } from '../../../src/main/region/certificate-authority.ts';
import { parseListen, showListen } from '../../../src/main/region/listen.ts';
import { hasTlsFiles, openTls } from '../../../src/main/region/tls.ts';
import { silentLog } from '../../kit/postgres.ts';

describe('where a region listens', () => {
  it('is read and shown', () => {
    for (const text of ['127.0.0.1:5240', '[::1]:5240', 'tls:0.0.0.0:5251', 'tls:[::]:5251', 'unix:/run/x.sock'])
      expect(showListen(parseListen(text))).toBe(text);
    expect(parseListen('tls:[::]:5251')).toEqual({ host: '::', port: 5251, isTls: true });
    for (const text of ['', '5240', 'tls:', 'tls:unix:/x', 'ssl:1.2.3.4:5', '1.2.3.4:70000'])
      expect(() => parseListen(text), text).toThrow('is not an address to listen on');
  });

  it('with TLS asks for its certificate by the name of the file that is missing', () => {
    const files = { authority: '/nowhere/ca.crt', certificate: '/nowhere/node.crt', key: '/nowhere/node.key' };
    expect(hasTlsFiles(files)).toBe(false);
    expect(() => openTls(files, silentLog)).toThrow('/nowhere/ca.crt cannot be read: "regent init" or "regent join"');
  });

  it('without a cluster signs nothing', async () => {
    expect(await NO_AUTHORITY.certificate()).toMatchObject({ code: 'unavailable' });
    expect(await NO_AUTHORITY.inheritance()).toMatchObject({ code: 'unavailable' });
  });
});
