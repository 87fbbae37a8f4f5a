import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianHost } from '../kit/debian-root.ts';

const FOLDER = join(import.meta.dirname, '../../systemd');
const NAMES = readdirSync(FOLDER);
const OWN = NAMES.filter((name) => name.endsWith('.service'));
const DROP_INS = NAMES.filter((name) => name.endsWith('.service.d')).map((name) => name.slice(0, -2));
const UNITS = [...OWN, ...DROP_INS];

/** Exposure by `systemd-analyze security`, 0 (shut) to 10 (open): what every unit must stay below, and what no reason excuses. */
const LIMIT = 2.5;
const LIMIT_WITH_REASON = 4;
/** An installer changes the whole host: it runs for minutes on an order alone, and nothing of it listens. */
const INSTALLER = 'regent-upgrade@.service';

/** Rows of the table below a heading of systemd/README.md, without its head. */
function table(heading: string): string[][] {
  const [, text = ''] = readFileSync(join(FOLDER, 'README.md'), 'utf8').split(`## ${heading}\n`);
  const lines = text.split('\n## ')[0]?.split('\n') ?? [];
  return lines.flatMap((line) =>
    line.startsWith('| `')
      ? [
          line
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  );
}

const bare = (cell = '') => cell.replaceAll('`', '');
const EXPOSURES = new Map(table('Units').map((row) => [bare(row[0]), Number(row.at(-1))]));
const EXCEPTIONS = new Map(table('Exceptions').map(([unit, most, why]) => [bare(unit), { most: Number(most), why }]));

describe('hardening', () => {
  let host: DebianHost;
  const measured = new Map<string, number>();

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const unit of OWN) host.write(`/etc/systemd/system/${unit}`, readFileSync(join(FOLDER, unit), 'utf8'));
    for (const unit of DROP_INS) {
      // Over Debian's own unit, which says the rest.
      const text = readFileSync(join(FOLDER, `${unit}.d/regent.conf`), 'utf8');
      host.write(`/etc/systemd/system/${unit}.d/regent.conf`, text);
    }
    for (const unit of UNITS) measured.set(unit, await exposureOf(unit));
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const exposureOf = async (unit: string) => {
    const limit = Math.round((EXCEPTIONS.get(unit)?.most ?? LIMIT) * 10);
    const argv = ['systemd-analyze', 'security', '--offline=true', '--no-pager', `--threshold=${limit}`, unit];
    const { stdout, stderr } = await host.run(argv);
    const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1]);
    if (Number.isNaN(exposure)) throw new Error(`${unit} was not judged: ${stderr}`);
    return exposure;
  };

  it.each(UNITS)('%s is shut as far as it may be', (unit) => {
    const exposure = measured.get(unit);
    console.log(`${unit}: ${exposure}`);
    expect(exposure).toBeLessThanOrEqual(EXCEPTIONS.get(unit)?.most ?? LIMIT);
  });

  it('excuses no unit without a reason and a need, and none beyond 4', () => {
    for (const [unit, { most, why }] of EXCEPTIONS) {
      expect(UNITS, unit).toContain(unit);
      expect(most, unit).toBeLessThanOrEqual(unit === INSTALLER ? 10 : LIMIT_WITH_REASON);
      expect(why?.length, unit).toBeGreaterThan(20);
      expect(measured.get(unit), `${unit} needs no exception any more`).toBeGreaterThan(LIMIT);
    }
  });

  it('has every unit in the table of the README, with what is measured', () => {
    expect(Object.fromEntries(EXPOSURES)).toEqual(Object.fromEntries(measured));
  });

  it('measures Debian’s part too, and sees an open unit', async () => {
    // Without Debian's part the same drop-in leaves more open.
    host.write('/etc/systemd/system/chrony.service', '[Service]\nExecStart=/bin/true\n');
    expect(await exposureOf('chrony.service')).toBeGreaterThan((measured.get('chrony.service') ?? 10) + 1);
    host.write('/etc/systemd/system/open.service', '[Service]\nExecStart=/bin/true\n');
    expect(await exposureOf('open.service')).toBeGreaterThan(8);
    const open = ['systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=25', 'open.service'];
    expect((await host.run(open)).code).not.toBe(0);
  });
});
