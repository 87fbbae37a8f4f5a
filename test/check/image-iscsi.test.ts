import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianHost } from '../kit/debian-root.ts';

const SOURCE = readFileSync(join(import.meta.dirname, '../../scripts/image/iscsi-root'), 'utf8');
/** Any block device will do: nothing of it is read. */
const DEVICE = readdirSync('/dev').find((name) =>
  statSync(join('/dev', name), { throwIfNoEntry: false })?.isBlockDevice(),
);
const DIGEST = 'ab'.repeat(32);
const SESSION = '/sys/class/iscsi_session/session1/device/target2:0:0/2:0:0:1/block';

/** What the initrd does with a root by iSCSI, with busybox's sh and a login that a test decides on. */
describe('the initrd and a root by iSCSI', () => {
  let host: DebianHost;
  beforeAll(async () => {
    host = await DebianHost.open();
    host.write('/iscsi/modules/order', '');
    host.write('/sys/class/net/eth0/address', '52:54:00:aa:00:01\n');
    host.write('/tmp/iscsi-root', SOURCE);
    host.write(`${SESSION}/${DEVICE}/size`, '8\n');
  });
  afterAll(() => host[Symbol.asyncDispose]());

  /** Its words. `login`: what iscsistart does; `only`: can the disk only be read; `found`: the digest that it has. */
  async function begin({ login = 'exit 0', only = 1, found = DIGEST } = {}): Promise<string[]> {
    host.write('/usr/sbin/iscsistart', `#!/bin/sh\necho "$@" >>/tmp/asked\n${login}\n`, { mode: 0o755 });
    host.write(`/sys/block/${DEVICE}/ro`, `${only}\n`);
    const lines = [
      'say() { echo "say $*"; }; finish() { echo "finish $*"; exit 0; }; pause() { :; }; insmod() { :; }; usleep() { :; }',
      `sha256sum() { echo "${found}  $1"; }`,
      `card=eth0 root_sha256=${DIGEST} root_url=iscsi:10.10.10.1:6:3260:1:iqn.2026-11.internal.regent:${DIGEST}`,
      '. /tmp/iscsi-root',
      'echo "file $file"',
    ];
    host.write('/tmp/begin', lines.join('\n'));
    const ran = await host.run(['sh', '-c', 'rm -f /tmp/asked; exec busybox sh /tmp/begin']);
    expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: '' });
    return ran.stdout.trim().split('\n');
  }

  it('logs in to the target of the boot script by the card’s own name, and gives its disk', async () => {
    expect(await begin()).toEqual([
      `say iqn.2026-11.internal.regent:${DIGEST} is /dev/${DEVICE}`,
      `file /dev/${DEVICE}`,
    ]);
    const asked = (await host.run(['cat', '/tmp/asked'])).stdout.trim();
    expect(asked).toContain(
      `-i iqn.2026-11.internal.regent:machine:525400aa0001 -t iqn.2026-11.internal.regent:${DIGEST} -g 1 -a 10.10.10.1 -p 3260`,
    );
  });

  it('says why it is not let in, tries again, and then restarts so that another rack may answer', async () => {
    const words = await begin({
      login: 'echo "iscsistart: version 2.1.11"; echo "initiator reported error (24)"; exit 1',
    });
    expect(words).toHaveLength(41);
    expect(words[0]).toBe('say no root by iSCSI from 10.10.10.1 (try 1 of 40): initiator reported error (24)');
    expect(words.at(-1)).toBe('finish reboot no rack gives the root by iSCSI, the machine restarts');
  });

  it('starts nothing from a disk that can be written, or that has other bytes', async () => {
    expect((await begin({ only: 0 })).at(-1)).toContain(`finish reboot /dev/${DEVICE} can be written`);
    expect((await begin({ found: 'cd'.repeat(32) })).at(-1)).toContain('finish reboot the root by iSCSI is damaged');
  });
});
