import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { type Deployment, deploymentFiles } from '../../../../../src/model/machines/deployment/deployment.ts';
import { planStorage } from '../../../../../src/model/machines/deployment/storage.ts';

const storage = planStorage(
  [{ name: 'vda', bytes: 20e9, serial: 'd1' }],
  { layout: 'flat' },
  { firmware: 'bios', minBytes: 1e9 },
);
if (isRejected(storage)) throw new Error(storage.message);
const DEPLOYMENT: Deployment = {
  machine: { id: 'abcdef', hostname: 'm1', fqdn: 'm1.example.test' },
  run: 7,
  image: {
    name: 'debian-13',
    digest: 'd'.repeat(64),
    architecture: 'amd64',
    format: 'tar',
    compression: 'zst',
    bytes: 1e9,
    file: { name: 'root.tar.zst', size: 12, sha256: 'e'.repeat(64) },
  },
  storage,
  network: { interfaces: [] },
  sources: ['http://10.0.0.2:5248', 'http://10.0.0.3:5248'],
  sshKeys: ['ssh-ed25519 AAAA a "quoted" comment'],
  userData: null,
  ntp: [],
  kernelOptions: [],
  aptProxy: null,
  packages: { main: null, others: [] },
};

describe('the files of a deployment', () => {
  it('have one value each; what is not wanted has none', () => {
    const files = deploymentFiles(DEPLOYMENT);
    expect(
      Object.keys(files)
        .filter((name) => !/^(?:storage|network)\//.test(name))
        .sort(),
    ).toEqual([
      'fqdn',
      'hostname',
      'image/architecture',
      'image/compression',
      'image/format',
      'image/name',
      'image/path',
      'image/sha256',
      'image/size',
      'seed/meta-data',
      'seed/vendor-data',
      'sources',
      'ssh-keys',
    ]);
    expect(files['sources']).toBe('http://10.0.0.2:5248\nhttp://10.0.0.3:5248\n');
    expect(files['image/path']).toBe(`images/${'d'.repeat(64)}/root.tar.zst\n`);
    expect(files['storage/firmware']).toBe('bios\n');
    const { 'kernel-options': options } = deploymentFiles({ ...DEPLOYMENT, kernelOptions: ['quiet', 'iommu=pt'] });
    expect(options).toBe('quiet iommu=pt\n');
  });

  it('have user data as they are, and meta-data that no key can break', () => {
    const userData = new Uint8Array([0, 255, 10]);
    const files = deploymentFiles({ ...DEPLOYMENT, userData, ntp: ['10.0.0.2'], aptProxy: 'http://10.0.0.9:8000' });
    expect(files['seed/user-data']).toBe(userData);
    expect(files['apt-proxy']).toBe('http://10.0.0.9:8000\n');
    const meta = String(files['seed/meta-data']);
    expect(meta.trimEnd()).not.toContain('\n');
    expect(JSON.parse(meta)).toEqual({
      'instance-id': 'abcdef-7',
      'local-hostname': 'm1.example.test',
      'public-keys': ['ssh-ed25519 AAAA a "quoted" comment'],
    });
  });
});
