import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readMachineScripts } from '../../src/main/region/machine-scripts.ts';
import { isRejected } from '../../src/core/errors.ts';
import { parseManifest } from '../../src/model/images/image.ts';
import { unpackCpio } from '../kit/cpio.ts';
import { drawn } from '../kit/drawn.ts';
import { BUILD_MS, imageFolder } from '../kit/installation/images.ts';
import { ImageHost, WIRE } from '../kit/image-host.ts';
import { patient } from '../kit/machine.ts';
import { SEALING_AUTHORITY } from '../kit/metadata.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';
import { until } from '../kit/until.ts';

/**
 * The image "ephemeral", built for real, and its root booted as a container: systemd and Debian's cloud-init with its stock MAAS data source ask a real
 * metadata service. Kernel, initrd and firmware are the lab's matter (scripts/image/README.md has measured boots).
 */

const MACHINE_SCRIPTS = join(import.meta.dirname, '../../scripts/machine');
const BOOT_MS = 300_000;
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILQ+OqcnvRyfz8Fxz81OskkE7ws6PtJvzD927o1bKB9s ada@laptop';
const USER_DATA = '#!/bin/sh\ncloud-init query ds.meta_data >/run/user-data-ran\n';
/** As the initrd writes it, but for DHCP. */
const NETWORK = `[Match]\nMACAddress=${WIRE.mac}\n\n[Network]\nAddress=${WIRE.theirs}/30\nLinkLocalAddressing=no\n`;

const pg = usePostgres();
let place = '';
let site: TestRegion;
let host: ImageHost;
let id = '';
let at = '';

beforeAll(async () => {
  place = await imageFolder('ephemeral');
}, BUILD_MS);

describe('the image ephemeral', () => {
  it('has a manifest that a region takes, with a root of some 165 MB', () => {
    const manifest = parseManifest(readFileSync(join(place, 'manifest.json'), 'utf8'));
    if (isRejected(manifest)) throw new Error(manifest.message);
    expect(manifest).toMatchObject({ kind: 'ephemeral' });
    expect(manifest.files.map(({ name }) => name)).toEqual(['initrd.img', 'iscsi.img', 'root.squashfs', 'vmlinuz']);
    const sizes = Object.fromEntries(manifest.files.map(({ name, size }) => [name, size / 1e6]));
    expect(sizes['root.squashfs']).toBeLessThan(200);
    expect(sizes['initrd.img']).toBeLessThan(16);
    expect(sizes['iscsi.img']).toBeLessThan(8);
  });
});

describe('its initrd', () => {
  const text = (files: ReturnType<typeof unpackCpio>, name: string) => files.get(name)?.bytes.toString('latin1') ?? '';

  it('has the drivers of servers’ network cards, each with all that it leans on and the devices that it is for', () => {
    const files = unpackCpio(gunzipSync(readFileSync(join(place, 'initrd.img'))));
    const folder = [...files.keys()].find((name) => name.endsWith('/modules.dep'))?.replace('/modules.dep', '') ?? '';
    expect(folder).toMatch(/^lib\/modules\/[0-9.]+\S*-amd64$/);
    const lines = text(files, `${folder}/modules.dep`).trim().split('\n');
    const needs = new Map(
      lines.map((line) => [line.split(':')[0] ?? '', line.split(/[: ]+/).slice(1).filter(Boolean)]),
    );
    for (const [file, others] of needs)
      for (const one of [file, ...others]) expect(files.has(`${folder}/${one}`), `${file} needs ${one}`).toBe(true);
    // modprobe loads a line from its end: what a module of it leans on stands behind that.
    for (const [file, others] of needs)
      others.forEach((one, at) => {
        const early = needs.get(one)?.filter((under) => others.indexOf(under) < at);
        expect(early, `${file}: ${one}`).toEqual([]);
      });
    const aliases = text(files, `${folder}/modules.alias`);
    for (const name of [
      'e1000e',
      'igb',
      'ixgbe',
      'i40e',
      'ice',
      'tg3',
      'bnx2x',
      'bnxt_en',
      'mlx5_core',
      'r8169',
      'cxgb4',
    ]) {
      expect(needs.has(`${name}.ko.xz`), name).toBe(true);
      expect(aliases, name).toMatch(new RegExp(`^alias pci:v\\S+ ${name}$`, 'm'));
    }
    // Intel 82574, as a machine's bus names it.
    expect(aliases).toContain('alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e');
    expect(needs.get('igb.ko.xz')).toEqual(expect.arrayContaining(['dca.ko.xz', 'i2c-algo-bit.ko.xz']));
  });
});

describe('its part for iSCSI', () => {
  it('has what logs in, with its loader and each library that it needs, and the modules in their order', () => {
    const files = unpackCpio(gunzipSync(readFileSync(join(place, 'iscsi.img'))));
    const order = files.get('iscsi/modules/order')?.bytes.toString().trim().split('\n') ?? [];
    for (const name of order) expect(files.has(`iscsi/modules/${name}`), name).toBe(true);
    for (const [one, other] of [
      ['scsi_mod', 'libiscsi'],
      ['scsi_transport_iscsi', 'libiscsi'],
      ['libiscsi', 'libiscsi_tcp'],
      ['libiscsi_tcp', 'iscsi_tcp'],
      ['scsi_mod', 'sd_mod'],
    ])
      expect(order.indexOf(`${one}.ko`), `${one} before ${other}`).toBeLessThan(order.indexOf(`${other}.ko`));
    expect(order).toContain('iscsi_tcp.ko');
    // It puts no second busybox and no second order of modules over the initrd's own.
    expect([...files.keys()].filter((name) => /^(?:bin|modules|init|common)(?:\/|$)/.test(name))).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'regent-part-'));
    try {
      for (const [name, { bytes, mode }] of files) {
        if ((mode & 0o170000) === 0o40000) mkdirSync(join(folder, name), { recursive: true });
        else writeFileSync(join(folder, name), bytes, { mode: mode & 0o777 });
      }
      // Alone in its root it starts: nothing else is there in the initrd.
      const ran = execFileSync('chroot', [folder, '/usr/sbin/iscsistart', '--version'], { encoding: 'utf8' });
      expect(ran).toMatch(/^iscsistart version 2\./);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each(drawn('container'))('its system as a %s', () => {
  beforeEach(async () => {
    host = await ImageHost.open(join(place, 'root.squashfs'));
    const machineScripts = await readMachineScripts(MACHINE_SCRIPTS);
    site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY, machineScripts });
    at = `${await site.api.listen({ host: WIRE.ours, port: 0 })}/MAAS/metadata`;
    const body = { hostname: 'm1', interfaces: [{ mac: WIRE.mac }] };
    id = String((await site.call('POST', '/machines', { body })).body.id);
    await admin(`insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('r1', '${WIRE.theirs}', 1, '${WIRE.mac}', 'active', now(), now() + interval '1 hour')`);
    await site.call('POST', '/ssh-keys', { body: { key: ED25519 }, role: 'operator' });
    host.write('/etc/systemd/network/10-regent.network', NETWORK);
  }, BOOT_MS);
  afterEach(async () => {
    await host[Symbol.asyncDispose]();
    await site.close();
  });

  const admin = (text: string) => pg.get().admin(text, site.connection.database);
  const begin = async (verb: string) => {
    const answer = await site.call('POST', `/machines/m1/${verb}`, { body: {}, role: 'operator' });
    if (answer.status >= 300) throw new Error(answer.raw);
  };
  /** As a rack's boot script has it (src/boot). */
  const boot = (end: 'off' | 'wait') =>
    host.boot([
      `BOOTIF=01-${WIRE.mac.replaceAll(':', '-')}`,
      `regent.metadata=${at}/inventory/${id}`,
      `cloud-config-url=${at}/latest/by-id/${id}/?op=get_preseed`,
      `regent.end=${end}`,
      'ds=MAAS',
    ]);
  const statuses = async () =>
    (await site.call('GET', '/events?kind=machine.status&limit=1000')).body['items'] as {
      data: { type: string; name: string; result?: string };
    }[];

  it(
    'asks the metadata service for all of it, runs what it is given, lets the owner in, and is whole: for rescue it stays on',
    async () => {
      await admin(`insert into machine_states (machine_id, state, commissioned_at) values ('${id}', 'broken', now())`);
      await begin('rescue');
      await admin(`update machine_tokens set user_data = decode('${Buffer.from(USER_DATA).toString('hex')}', 'hex')`);
      boot('wait');
      await until(
        'the region to hear that rescue is up',
        async () => (await site.call('GET', '/machines/m1')).body['state'] === 'rescue-mode',
        {
          deadlineMs: BOOT_MS,
          everyMs: 500,
        },
      );
      const status = await until(
        'cloud-init to be done',
        async () => {
          const told = JSON.parse(
            (await host.run(['cloud-init', 'status', '--long', '--format', 'json'])).stdout,
          ) as Record<string, unknown>;
          return told['status'] === 'running' ? null : told;
        },
        { deadlineMs: patient(30_000), everyMs: 500 },
      );
      const { extended_status: extended, errors, recoverable_errors: recoverable, datasource } = status;
      expect({ extended, errors, recoverable, datasource }).toEqual({
        extended: 'done',
        errors: [],
        recoverable: {},
        datasource: 'maas',
      });
      const said = async (...argv: string[]) => (await host.run(argv)).stdout.trim();
      expect(await said('cat', '/var/lib/cloud/data/instance-id')).toBe(id);
      expect(await said('hostname')).toBe('m1');
      expect(await said('cat', '/run/user-data-ran')).toContain('m1.regent.internal');
      const authorized = await said('cat', '/home/debian/.ssh/authorized_keys');
      expect(authorized).toContain(ED25519);
      expect(await said('systemctl', 'is-active', 'ssh.service', 'regent-inventory.service')).toBe('active\nactive');
      expect(await said('stat', '-c', '%a %U', '/', '/etc/cloud/cloud.cfg.d')).toBe('755 root\n755 root');
      const finished = (await statuses())
        .map(({ data }) => data)
        .filter(({ type, name }) => type === 'finish' && !name.includes('/'));
      expect(Object.fromEntries(finished.map(({ name, result }) => [name, result]))).toMatchObject({
        'init-network': 'SUCCESS',
        'modules-config': 'SUCCESS',
        'modules-final': 'SUCCESS',
      });
      // In the journal: a getty that starts clears the console of what was not read yet.
      await until(
        'the word that it stays on',
        async () => (await said('journalctl', '-o', 'cat', '-u', 'regent-end')).includes('the system stays on'),
        { deadlineMs: patient(120_000), everyMs: 500 },
      );
    },
    BOOT_MS,
  );

  it(
    'posts its inventory, runs the scripts of the release, and switches itself off when it was commissioned',
    async () => {
      await begin('commission');
      boot('off');
      await host.off(BOOT_MS);
      expect(host.console).toContain('the inventory is posted');
      // It is off: a container that restarts goes on. Its last line may be lost when a getty takes the console just then.
      expect(host.console).not.toContain('the machine restarts');
      // What the scripts found has taken the place of the first inventory.
      const told = await site.call('GET', '/machines/m1/inventory');
      expect(told.body).toMatchObject({ source: WIRE.theirs, problems: [], inventory: { teller: 'regent scripts 1' } });
      const results = (await site.call('GET', '/machines/m1/results')).body['items'] as {
        script: string;
        state: string;
      }[];
      expect(results.map(({ script, state }) => `${script} ${state}`).toSorted()).toEqual(
        ['10-system', '20-disks', '30-interfaces', '40-buses', '50-bmc'].map((name) => `regent-${name} passed`),
      );
      expect((await site.call('GET', '/machines/m1')).body).toMatchObject({ state: 'ready' });
    },
    BOOT_MS,
  );
});
