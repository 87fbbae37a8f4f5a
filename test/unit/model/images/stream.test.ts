import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  canonicalSelections,
  isSelected,
  parseKeyring,
  parseSelections,
  parseSourceUrl,
} from '../../../../src/model/images/boot-source.ts';
import { parseManifest } from '../../../../src/model/images/image.ts';
import { parseOwnIndex, parseProducts, productPaths } from '../../../../src/model/images/stream.ts';

const SHA = 'a'.repeat(64);
const item = (ftype: string, path = `centos/amd64/${ftype}`) => ({ ftype, path, size: 5, sha256: SHA });
const product = (versions: object, more: object = {}) => ({
  arch: 'amd64',
  os: 'centos',
  release: '8',
  versions,
  ...more,
});
const products = (all: object) => JSON.stringify({ format: 'products:1.0', products: all });
const rejection = (value: unknown) => (isRejected(value) ? value.message : 'taken');

describe('an index', () => {
  it('names files of products', () => {
    const index = {
      format: 'index:1.0',
      index: { a: { format: 'products:1.0', path: 'streams/v1/a.sjson' }, b: { format: 'other:1.0', path: 'b' } },
    };
    expect(productPaths(JSON.stringify(index))).toEqual(['streams/v1/a.sjson']);
  });

  it.each([
    ['no JSON', '<html>'],
    ['another format', '{"format":"index:2.0","index":{}}'],
    ['a way out', '{"format":"index:1.0","index":{"a":{"format":"products:1.0","path":"../../etc/passwd"}}}'],
    ['another host', '{"format":"index:1.0","index":{"a":{"format":"products:1.0","path":"//elsewhere/x"}}}'],
  ])('is refused: %s', (_, text) => {
    expect(productPaths(text)).toMatchObject({ kind: 'rejected' });
  });
});

describe('products', () => {
  it('give the newest version that has a root, as a manifest that a region takes', () => {
    const text = products({
      'com.ubuntu.maas:centos8': product({
        20250101: { items: { 'root-tgz': item('root-tgz', 'old') } },
        20260101: {
          items: { kernel: item('boot-kernel'), dd: item('root-dd.gz'), root: item('root-txz', 'centos/8/root-txz') },
        },
        20270101: { items: { kernel: item('boot-kernel') } },
      }),
      'com.ubuntu.maas:noble': product(
        { 20260101: { items: { s: item('squashfs') } } },
        { os: 'ubuntu', release: 'noble' },
      ),
      'com.ubuntu.maas:power': product({ 1: { items: { r: item('root-tgz') } } }, { arch: 'ppc64el' }),
    });
    const found = parseProducts(text);
    if (isRejected(found)) throw new Error(found.message);
    expect(found.others).toEqual(['ubuntu/noble']);
    expect(found.images).toMatchObject([
      { name: 'centos/8', architecture: 'amd64', paths: { 'root.tar.xz': 'centos/8/root-txz' } },
    ]);
    expect(parseManifest(found.images[0]?.manifest ?? '')).toMatchObject({
      kind: 'deployable',
      name: 'centos/8',
      content: { file: 'root.tar.xz', format: 'tar', compression: 'xz' },
      files: [{ name: 'root.tar.xz', size: 5, sha256: SHA }],
    });
    expect(parseProducts(text)).toEqual(found);
  });

  it('with paths that lead out, or without digests, give nothing', () => {
    const bad = [item('root-tgz', '../x'), { ...item('root-tgz'), sha256: 'x' }, { ...item('root-tgz'), size: '5' }];
    for (const one of bad)
      expect(parseProducts(products({ a: product({ 1: { items: { r: one } } }) }))).toMatchObject({ images: [] });
    expect(rejection(parseProducts('{"format":"products:1.0"}'))).toContain('products:1.0');
  });
});

it('a source of ours names digests', () => {
  expect(parseOwnIndex(JSON.stringify({ format: 1, images: [SHA] }))).toEqual([SHA]);
  expect(rejection(parseOwnIndex(JSON.stringify({ format: 1, images: ['../x'] })))).toContain('names the image');
  expect(rejection(parseOwnIndex('[]'))).toContain('its index is not');
});

it('selections are names with stars, and architectures', () => {
  const wanted = parseSelections('ubuntu/*:amd64, debian-13 ,*o*s*/9', 's');
  if (isRejected(wanted)) throw new Error(wanted.message);
  const is = (name: string, architecture = 'amd64') => isSelected({ name, architecture }, wanted);
  expect([is('ubuntu/noble'), is('debian-13', 'arm64'), is('centos/9'), is('rocos/9')]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([is('ubuntu/noble', 'arm64'), is('debian-1'), is('debian-13x'), is('centos/8'), is('os')]).toEqual(
    Array(5).fill(false),
  );
  expect(isSelected({ name: 'any', architecture: 'arm64' }, [])).toBe(true);
  expect(canonicalSelections(' a:amd64 ,, b ', 's')).toBe('a:amd64,b');
  for (const text of ['a b', 'A', 'a:vax', '../x'])
    expect(rejection(parseSelections(text, 's')), text).toContain('not usable');
  const slow = `${'a'.repeat(60)}`;
  expect(isSelected({ name: slow, architecture: 'amd64' }, [{ name: '*a'.repeat(30), architecture: null }])).toBe(true);
});

it('addresses have no secrets, keys are public ones', () => {
  expect(parseSourceUrl('https://images.example.net/stable/', 'u')).toBe('https://images.example.net/stable');
  for (const url of ['ftp://x', 'https://u:p@x/', 'https://x/?a=b', 'file:///etc', 'x'])
    expect(rejection(parseSourceUrl(url, 'u')), url).toContain('not usable');
  expect(parseKeyring('', 'k')).toBe('');
  expect(parseKeyring(Buffer.from([0x98, 0x33, 4]).toString('base64'), 'k')).not.toMatchObject({ kind: 'rejected' });
  expect(parseKeyring(Buffer.from([0xc6, 0x33, 4]).toString('base64'), 'k')).not.toMatchObject({ kind: 'rejected' });
  // A secret key is none, nor is any text.
  for (const bytes of [
    [0x94, 0x33, 4],
    [0x2d, 0x2d, 0x2d],
  ])
    expect(rejection(parseKeyring(Buffer.from(bytes).toString('base64'), 'k'))).toContain('not a public key');
  expect(rejection(parseKeyring('-----BEGIN', 'k'))).toContain('not base64');
});
