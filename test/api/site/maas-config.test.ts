import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeploySite, useDeploySite } from '../../kit/deploy-site.ts';
import { type MaasClient, maasClient } from '../../kit/maas.ts';
import { ok } from '../../kit/maas-site.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { filesOfTar } from '../../kit/tar.ts';

/** Settings of MAAS that something follows from, and those of which nothing can: these say why. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
let maas: MaasClient;
let at: string;
beforeAll(async () => {
  on = deploying.get();
  maas = maasClient(on.site);
  at = `machines/${String((await on.show())['id'])}/`;
});
beforeEach(() => on.reset());

const set = (name: string, value: string) => maas.post('maas/', 'set_config', { name, value });
const get = async (name: string) => ok(await maas.get('maas/', { op: 'get_config', name }));

describe('ntp_external_only', () => {
  it('gives machines the time sources of the site, where there are any', async () => {
    expect(await get('ntp_external_only')).toBe(false);
    ok(await set('ntp_external_only', 'true'));
    expect(await get('ntp_external_only')).toBe(true);
    const told = async () => {
      ok(await maas.post(at, 'deploy', { distro_series: 'debian-13' }, { role: 'user' }));
      const keys = await on.keys('10.10.10.2');
      const { rawPayload } = await on.metadata(keys, 'maas-scripts');
      return filesOfTar(rawPayload)['deployment/ntp']?.toString();
    };
    expect(await told()).toBe('10.10.10.1\n');
    await on.reset();
    ok(await set('ntp_servers', 'ntp.example.net 192.0.2.123'));
    expect(await told()).toBe('ntp.example.net\n192.0.2.123\n');
    await on.reset();
    ok(await set('ntp_external_only', 'false'));
    expect(await told()).toBe('10.10.10.1\n');
    ok(await set('ntp_servers', ''));
  });
});

describe('default_storage_layout', () => {
  it('is what a machine has whose storage is put back', async () => {
    await on.admin(
      `delete from machine_states; insert into machine_states (machine_id, state, epoch, commissioned_at) select id, 'ready', 1, now() from machines`,
    );
    expect(await get('default_storage_layout')).toBe('flat');
    ok(await set('default_storage_layout', 'lvm'));
    expect(await get('default_storage_layout')).toBe('lvm');
    const restored = ok(await maas.post(at, 'restore_storage_configuration'));
    expect(restored.volume_groups.map(({ name }: { name: string }) => name)).toEqual(['vgroot']);
    ok(await set('default_storage_layout', 'blank'));
    const blank = ok(await maas.post(at, 'restore_storage_configuration'));
    expect([blank.volume_groups, blank.blockdevice_set[0].filesystem]).toEqual([[], null]);
    ok(await set('default_storage_layout', 'flat'));
    const flat = ok(await maas.post(at, 'restore_storage_configuration'));
    expect(flat.physicalblockdevice_set[0].partitions[0].filesystem).toMatchObject({
      fstype: 'ext4',
      mount_point: '/',
    });
  });
});

describe('what cannot be', () => {
  it.each([
    ['default_storage_layout', 'custom', 'flat, lvm, raid1, blank'],
    ['default_storage_layout', 'bcache', 'flat, lvm, raid1, blank'],
    ['dnssec_validation', 'yes', 'trust anchors'],
    ['remote_syslog', 'logs.example.net', 'journal'],
    ['use_rack_proxy', 'false', 'through their racks'],
    ['allow_only_trusted_transfers', 'false', '--transfer-to'],
    ['default_boot_interface_link_type', 'dhcp', 'link_subnet'],
    ['enable_kernel_crash_dump', 'true', 'kernel_opts'],
  ])('%s=%s is refused, and the sentence says why', async (name, value, words) => {
    const before = await get(name);
    const refused = await set(name, value);
    expect([refused.status, refused.raw]).toEqual([400, expect.stringContaining(words)]);
    expect(await get(name)).toEqual(before);
    // What stands anyway may be said again.
    ok(await set(name, before === null ? '' : String(before)));
  });
});
