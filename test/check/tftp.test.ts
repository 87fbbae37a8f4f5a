import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOOT_FILE_PATHS } from '../../src/services/tftp/boot-files.ts';
import type { TftpDesired } from '../../src/services/tftp/desired.ts';
import { tftp } from '../../src/services/tftp/index.ts';
import { GRUB_CFG } from '../../src/services/tftp/view.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { goldenTemplates } from '../kit/goldens.ts';

const TOP = join(import.meta.dirname, '../..');
const DROP_IN = readFileSync(join(TOP, 'systemd/tftpd-hpa.service.d/regent.conf'), 'utf8');
const [, line = ''] = /^ExecStart=(\/.+)$/m.exec(DROP_IN) ?? [];
/** As the unit does: the user from the first moment, with the one right. */
const RIGHT = '--inh-caps=+net_bind_service --ambient-caps=+net_bind_service';
const START = ['sh', '-c', `exec setpriv --reuid=tftp --regid=tftp --clear-groups ${RIGHT} ${line}`];
const SITE: TftpDesired = { listenerPort: 5249 };

/** One real tftpd, asked as firmware and as a stranger would. */
describe('tftpd on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;

  /** curl's code for a fetch: 0 it came, 68 no such file, 69 not allowed, 28 nobody answers. */
  const fetch = async (name: string, ...argv: readonly string[]) =>
    (await host.run(['curl', '-q', '-s', '-m', '3', '-o', '/tmp/got', ...argv, `tftp://127.0.0.1/${name}`])).code;

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const checker of ['ha/tftp/check', 'ha/tftp/check-script'])
      host.write(`/opt/regent/current/${checker}`, readFileSync(join(TOP, checker), 'utf8'), { mode: 0o755 });
    await host.run(['chmod', '-R', 'a+rX', '/opt/regent']);
    // As the helper makes folders: everybody may look in.
    for (const folder of ['', '/tftp', '/tftp/grub', '/tftp/.stage', '/tftp/.stage/grub'])
      await host.run(['install', '-d', '-m', '0755', `/etc/regent${folder}`]);
    bench = new DaemonBench(host, tftp, goldenTemplates(), START);
    // The checker's are gone, and may not have been buried yet.
    bench.reload = ['sh', '-ec', 'kill -HUP "$(pgrep -o -x --runstates S,R in.tftpd)"'];
  });
  afterAll(async () => {
    await bench?.stop();
    await host[Symbol.asyncDispose]();
  });

  it('starts, and gives out every loader byte for byte', async () => {
    expect((await bench.apply(SITE)).kind).toBe('restart');
    for (const [name, path] of Object.entries(BOOT_FILE_PATHS)) {
      // As firmware asks: by slashes, by backslashes, in capitals.
      for (const asked of [
        name,
        `/${name}`,
        `//${name}`,
        `%5C${name}`,
        `%5C%5C${name}`,
        name.toUpperCase(),
        `/${name.toUpperCase()}`,
      ])
        expect(await fetch(asked, '--path-as-is'), asked).toBe(0);
      expect(await host.run(['cmp', '/tmp/got', path]), name).toMatchObject({ code: 0 });
    }
    expect(await fetch('grub/grub.cfg')).toBe(0);
    expect((await host.run(['cat', '/tmp/got'])).stdout).toContain('(http,$net_default_server:5249)/grub/script?');
    // iPXE takes it for a script by its first line.
    expect(await fetch('autoexec.ipxe')).toBe(0);
    expect((await host.run(['head', '-1', '/tmp/got'])).stdout).toBe('#!ipxe\n');
  });

  it('gives out nothing else, and takes nothing', async () => {
    const names = ['../../etc/passwd', '/etc/passwd', 'usr/lib/ipxe/snponly.efi', '/usr/lib/ipxe/snponly.efi'];
    const like = [
      'undionly.kpxe/',
      'xundionly.kpxe',
      'regent/0000000000000000',
      'grub/grub.cfg/../../map',
      '%0a',
      'a'.repeat(400),
    ];
    for (const name of [...names, ...like]) expect(await fetch(name, '--path-as-is'), name).not.toBe(0);
    expect(await fetch('undionly.kpxe', '-T', '/etc/hostname')).not.toBe(0);
    expect((await bench.probe(SITE)).isHealthy).toBe(true);
  });

  it('reads a new map without a restart, and tells which one runs', async () => {
    const changed = { listenerPort: 5999 };
    expect((await bench.apply(changed)).kind).toBe('reload');
    expect(await bench.probe(SITE)).toEqual({
      isHealthy: false,
      detail: 'tftpd on port 69: it runs another map than the published one',
    });
    expect(await fetch('grub/grub.cfg')).toBe(0);
    expect((await host.run(['cat', '/tmp/got'])).stdout).toContain(':5999)/grub/script');
    expect((await bench.apply(changed)).kind).toBe('none');
  });

  it('is ill without its file, when it hangs, and when it is gone', async () => {
    const site = { listenerPort: 5999 };
    await host.run(['mv', GRUB_CFG, '/tmp/away']);
    expect((await bench.probe(site)).detail).toContain('the file behind the map is not there');
    await host.run(['mv', '/tmp/away', GRUB_CFG]);
    expect((await bench.probe(site)).isHealthy).toBe(true);
    await host.run(['pkill', '-STOP', '-x', 'in.tftpd']);
    expect((await bench.probe(site)).detail).toContain('no answer in time');
    await host.run(['pkill', '-CONT', '-x', 'in.tftpd']);
    await bench.stop();
    expect(await bench.probe(site)).toMatchObject({ isHealthy: false });
  });
});
