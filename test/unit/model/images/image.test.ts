import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { imageName, isImageFileName, parseImageName, parseManifest } from '../../../../src/model/images/image.ts';
import { anImage } from '../../../kit/images.ts';

const file = { size: 3, sha256: 'a'.repeat(64) };
const withFiles = (files: object) => anImage({}, { files }).manifest;
const boot = { vmlinuz: file, 'initrd.img': file };

describe('a manifest', () => {
  it('of scripts/build-image is taken', () => {
    expect(parseManifest(anImage().manifest)).toMatchObject({
      kind: 'micro',
      architecture: 'amd64',
      kernel: '6.12.57+deb13-cloud-amd64',
      files: [
        { name: 'initrd.img', size: 9 },
        { name: 'vmlinuz', size: 8 },
      ],
    });
  });

  it.each([
    ['no JSON', '{', 'not a JSON object'],
    ['a list', '[]', 'not a JSON object'],
    ['another format', anImage({}, { format: 2 }).manifest, 'manifest/format: 2 is not known'],
    ['another kind', anImage({}, { kind: 'huge' }).manifest, 'micro, ephemeral, deployable'],
    ['another architecture', anImage({}, { architecture: 'vax' }).manifest, 'amd64, arm64'],
    ['no kernel', anImage({}, { kernel: '../x' }).manifest, 'not a kernel version'],
    ['no files', withFiles({}), '1 to 16 files'],
    ['files as a list', withFiles([]), 'manifest/files: it is not an object'],
    ['too many files', withFiles(Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`f${n}`, file]))), '17'],
    ['a way out', withFiles({ ...boot, '../x': file }), 'not a file name'],
    ['the manifest itself', withFiles({ ...boot, 'manifest.json': file }), 'not a file name'],
    ['an empty file', withFiles({ ...boot, vmlinuz: { ...file, size: 0 } }), 'manifest/files/vmlinuz/size: 0'],
    ['a size with a part', withFiles({ ...boot, vmlinuz: { ...file, size: 1.5 } }), '1.5'],
    ['a huge file', withFiles({ ...boot, vmlinuz: { ...file, size: 2 ** 40 } }), 'bytes'],
    [
      'files that are huge together',
      withFiles({ ...boot, a: { ...file, size: 2 ** 34 }, b: { ...file, size: 2 ** 34 } }),
      'together',
    ],
    ['no digest', withFiles({ ...boot, vmlinuz: { ...file, sha256: 'A'.repeat(64) } }), 'not a SHA-256'],
    ['a file that is null', withFiles({ ...boot, vmlinuz: null }), 'vmlinuz/size'],
    ['no kernel file', withFiles({ 'initrd.img': file }), 'vmlinuz is missing'],
    ['too long', `{"format":1,"x":"${'x'.repeat(70_000)}"}`, 'longer than 65536'],
  ])('is refused: %s', (_, text, why) => {
    expect(parseManifest(text)).toMatchObject({ kind: 'rejected', message: expect.stringContaining(why) });
  });

  it('of a deployable image needs no kernel, has a name of its own, and says what its root is', () => {
    const content = { file: 'root.tar.gz', format: 'tar', compression: 'gz', cloudInit: true };
    const deployable = {
      kind: 'deployable',
      kernel: undefined,
      files: { 'root.tar.gz': file },
      name: 'debian-13',
      content,
    };
    const parse = (changes: object = {}) => parseManifest(anImage({}, { ...deployable, ...changes }).manifest);
    const manifest = parse();
    if (isRejected(manifest)) throw new Error(manifest.message);
    expect(manifest).toMatchObject({ kernel: '', name: 'debian-13', files: [{ name: 'root.tar.gz' }] });
    expect(imageName(manifest)).toBe('debian-13');
    expect(parse({ content: undefined })).toMatchObject({ message: expect.stringContaining('manifest/content') });
    expect(parse({ name: undefined })).toMatchObject({ message: expect.stringContaining('needs a name') });
    expect(parse({ name: '../x' })).toMatchObject({ message: expect.stringContaining('not usable') });
  });
});

it('names lead nowhere', () => {
  for (const name of ['', '.', '..', '../x', 'a/b', '.hidden', 'A', 'a\0', 'manifest.json', 'a'.repeat(62)])
    expect(isImageFileName(name), name).toBe(false);
  expect(isImageFileName('root.squashfs')).toBe(true);
  expect(parseImageName('a b')).toMatchObject({ kind: 'rejected' });
  expect(imageName({ kind: 'micro', kernel: '6.12+deb13-Cloud' })).toBe('micro/6.12-deb13-cloud');
  expect(parseImageName(imageName({ kind: 'ephemeral', kernel: '9'.repeat(100) }))).toHaveLength(61);
});
