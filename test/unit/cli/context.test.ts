import { describe, expect, it } from 'vitest';
import { contextPaths, resolveContext } from '../../../src/cli/context/context.ts';
import { CliError } from '../../../src/cli/exit.ts';
import type { CliIo } from '../../../src/cli/io.ts';
import { run } from './fake-region.ts';

const HOME = '/home/ada/.config/regent/config.json';
const CHECKOUT = '/src/regent/.regent/context.json';
const KEY = 'c:t:SECRETPART';
const SITES = JSON.stringify({
  current: 'a',
  contexts: { a: { url: 'http://a:5240', apiKey: KEY }, b: { url: 'http://b:5240/', apiKey: 'c:t:OTHERSECRET' } },
});
const FLAT = JSON.stringify({ url: 'http://lab:5240', apiKey: KEY });

const resolve = (files: Record<string, string>, env: Record<string, string> = {}, global = {}) =>
  resolveContext(
    {
      env,
      home: '/home/ada',
      checkout: '/src/regent',
      readFile: async (path: string) => files[path] ?? null,
    } as unknown as CliIo,
    global,
  );
const url = async (...args: Parameters<typeof resolve>) => (await resolve(...args)).url;

describe('the context', () => {
  const files = { [HOME]: SITES, [CHECKOUT]: FLAT };
  const env = { REGENT_URL: 'http://env:5240', REGENT_API_KEY: KEY, REGENT_CONTEXT: 'b' };

  it('is the first that is there: option, environment, home, checkout', async () => {
    expect(await url(files, env, { url: 'http://opt:5240' })).toBe('http://opt:5240');
    expect(await url(files, env, { context: 'b' })).toBe('http://b:5240');
    expect(await url(files, env)).toBe('http://env:5240');
    expect(await url(files, { REGENT_CONTEXT: 'b' })).toBe('http://b:5240');
    expect(await url(files)).toBe('http://a:5240');
    expect(await url({ [CHECKOUT]: FLAT })).toBe('http://lab:5240');
    expect(await url({ [CHECKOUT]: FLAT }, { REGENT_URL: '' })).toBe('http://lab:5240');
  });

  it('takes the key of --url and REGENT_URL from the environment, a file, or the context of that address', async () => {
    expect(await resolve({}, { REGENT_API_KEY: KEY }, { url: 'x:5240' })).toMatchObject({
      url: 'http://x:5240',
      apiKey: KEY,
    });
    expect(await resolve({ '/k': `${KEY}\n` }, { REGENT_URL: 'http://x', REGENT_API_KEY_FILE: '/k' })).toMatchObject({
      apiKey: KEY,
    });
    expect(await resolve(files, {}, { url: 'http://b:5240' })).toMatchObject({ apiKey: 'c:t:OTHERSECRET' });
    expect(await resolve({}, {}, { url: 'http://x' })).toMatchObject({ apiKey: null });
  });

  it('is the only one of a file without "current"', async () => {
    const only = JSON.stringify({ contexts: { a: { url: 'http://a', apiKey: KEY } } });
    expect(await url({ [HOME]: only })).toBe('http://a');
  });

  it('has several addresses where several are given, each once', async () => {
    const many = JSON.stringify({ contexts: { a: { url: 'http://a:5240, b:5240/', apiKey: KEY } } });
    expect(await resolve({ [HOME]: many })).toMatchObject({ url: 'http://a:5240', others: ['http://b:5240'] });
    expect(await resolve({ [HOME]: many }, {}, { url: 'a:5240,c:5240,c:5240,a:5240' })).toMatchObject({
      url: 'http://a:5240',
      others: ['http://c:5240'],
      apiKey: KEY,
    });
    await expect(resolve({}, {}, { url: 'a:5240,,b' })).rejects.toThrow(/not a region's address/);
  });

  it('looks where XDG says', () => {
    expect(contextPaths({ home: '/h', checkout: null, env: { XDG_CONFIG_HOME: '/x' } })).toEqual([
      '/x/regent/config.json',
    ]);
    expect(contextPaths({ home: null, checkout: null, env: {} })).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, number, RegExp]>([
    ['none', () => resolve({}), 1, /no context/],
    ['an unknown one', () => resolve(files, {}, { context: 'zz' }), 1, /no context "zz"/],
    ['two options', () => resolve(files, {}, { context: 'a', url: 'http://a' }), 2, /exclude/],
    ['a key without a region', () => resolve(files, { REGENT_API_KEY: KEY }), 1, /REGENT_API_KEY is set/],
    ['no address', () => resolve({}, { REGENT_URL: 'http://', REGENT_API_KEY: KEY }), 2, /not a region's address/],
    ['a password in the address', () => resolve({}, {}, { url: 'http://a:b@c' }), 2, /must not hold/],
    ['no JSON', () => resolve({ [HOME]: `{"apiKey": "${KEY}"` }), 1, /not JSON/],
    ['no url', () => resolve({ [HOME]: `{"apiKey": "${KEY}"}` }), 1, /has no "url"/],
    ['a bad key', () => resolve({}, { REGENT_URL: 'http://a', REGENT_API_KEY: 'SECRETPART' }), 1, /not an API key/],
    [
      'a bad stored key',
      () => resolve({ [HOME]: '{"url": "http://a", "apiKey": "SECRETPART x"}' }),
      1,
      /not an API key/,
    ],
    ['several without a current', () => resolve({ [HOME]: SITES.replace('"a",', '"zz",') }), 1, /none is the current/],
  ])('explains %s and never shows a key', async (_, attempt, exit, wanted) => {
    const error = await attempt().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CliError);
    if (!(error instanceof CliError)) return;
    expect(error.message).toMatch(wanted);
    expect(error.exit).toBe(exit);
    expect([error.message, ...error.next].join('\n')).not.toContain('SECRETPART');
  });

  it('says how to get one', async () => {
    const { code, err } = await run(null, ['status']);
    expect(code).toBe(1);
    expect(err).toContain('sudo scripts/up');
    expect(err).toContain('regent init --single');
    expect(err).toContain('REGENT_URL');
  });

  it('asks for a missing key without echo, and says what to set when there is no terminal', async () => {
    const { err } = await run(null, ['status', '--url', 'http://127.0.0.1:1']);
    expect(err).toMatch(/no API key for http:\/\/127\.0\.0\.1:1.*\n.*REGENT_API_KEY_FILE/);
    const asked: string[] = [];
    const askSecret = async (question: string) => {
      asked.push(question);
      return 'no key at all';
    };
    const refused = await run(null, ['status', '--url', 'http://127.0.0.1:1'], { askSecret });
    expect(asked).toEqual(['API key for http://127.0.0.1:1: ']);
    expect(refused.err).toContain('not an API key');
    expect(refused.err).not.toContain('no key at all');
  });
});
