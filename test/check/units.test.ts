import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianHost } from '../kit/debian-root.ts';

const FOLDER = join(import.meta.dirname, '../../systemd');
const UNITS = readdirSync(FOLDER).filter((name) => /\.(service|socket)$/.test(name));

describe('systemd units', () => {
  let host: DebianHost;

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const unit of UNITS) host.write(`/etc/systemd/system/${unit}`, readFileSync(join(FOLDER, unit), 'utf8'));
    // The programs that the units start must exist for the verifier.
    for (const path of [
      'bin/node',
      'bin/regent',
      'ha/postgres/init',
      'ha/postgres/mend',
      'ha/postgres/watch',
      'ha/postgres/provision',
      'ha/chrony/start',
      'ha/keeper/ended',
      'ha/kea/prepare',
      'ha/kea/carry',
      'ha/dhcp/ended',
      'ha/vip/unfit',
      'ha/vip/drop',
    ]) {
      host.write(`/opt/regent/current/${path}`, '#!/bin/sh\n', { mode: 0o755 });
    }
    for (const user of ['regent', 'regent-agent', 'regent-vip'])
      await host.run(['useradd', '--system', '--user-group', user]);
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  it.each(UNITS)('%s is understood by systemd without a word', async (unit) => {
    const { code, stderr } = await host.run(['systemd-analyze', 'verify', '--man=no', `/etc/systemd/system/${unit}`]);
    const words = stderr.split('\n').filter((line) => line.includes(unit) || line.includes('regent'));
    expect({ code, words }).toEqual({ code: 0, words: [] });
  });

  it('sees a unit that is wrong or open', async () => {
    host.write('/etc/systemd/system/open.service', '[Service]\nExecStart=/bin/true\nNoSuchSetting=1\n');
    const verified = await host.run(['systemd-analyze', 'verify', '--man=no', '/etc/systemd/system/open.service']);
    expect(verified.stderr).toContain('NoSuchSetting');
    const { stdout } = await host.run([
      'systemd-analyze',
      'security',
      '--offline=true',
      '--no-pager',
      '/etc/systemd/system/open.service',
    ]);
    expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(8);
  });
});
