import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMPLETION_SCRIPTS, complete } from '../../../src/cli/completion.ts';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { FakeRegion, page, run } from './fake-region.ts';

const after = (line: string) => complete(line.split(' '), NOUNS);

describe('completion', () => {
  it.each<[string, readonly string[]]>([
    ['', ['status', 'domain', 'record', 'init', 'migrate']],
    ['record ', ['list', 'show', 'create', 'set', 'delete']],
    ['-o ', ['table', 'json', 'yaml']],
    ['record list -o ', ['csv']],
    ['record create www.example.test ', ['A', 'AAAA', 'CNAME', 'TXT']],
    ['record create -', ['--ttl', '--dry-run', '--wait', '--output']],
    ['record list --type ', ['A', 'TXT']],
    ['events -', ['--follow', '--after']],
    ['subnet set x --dns ', ['on', 'off']],
    ['vlan set web --dhcp ', ['on', 'off']],
    ['range create 10.0.0.1-10.0.0.9 --kind ', ['dynamic', 'reserved']],
    ['reservation create ', ['auto']],
    ['completion ', ['bash', 'zsh', 'fish']],
  ])('offers after "%s" %j', (line, words) => {
    expect(after(line).candidates).toEqual(expect.arrayContaining([...words]));
  });

  it.each<[string, string | null]>([
    ['domain show ', 'domain'],
    ['record delete ', 'record'],
    ['machine create web1 --domain ', 'domain'],
    ['machine create web1 --mac ', null],
    ['service show --node ', 'node'],
    ['service show --node r1 ', 'service'],
    ['service show dns ', null],
    ['-o json subnet delete ', 'subnet'],
    ['vlan set ', 'vlan'],
    ['subnet create 10.0.0.0/24 --vlan ', 'vlan'],
    ['vlan create --fabric ', 'fabric'],
    ['vlan list --space ', 'space'],
    ['fabric show ', 'fabric'],
    ['range delete ', 'range'],
    ['reservation show ', 'reservation'],
    ['setting set ', 'setting'],
  ])('asks the region after "%s" for names of %s', (line, kind) => {
    expect(after(line).kind).toBe(kind);
  });

  it('offers the events of a what-if after its node', () => {
    expect(after('what-if node ').kind).toBe('node');
    expect(after('what-if node r1 ').candidates).toEqual(['dies', 'drains', 'is-cut-off']);
  });

  it('has no verb of one noun after another, and no options of a change for a look', () => {
    const verbs = ['list', 'show', 'drain', 'undrain', 'remove', 'replace', 'probe', 'logs', 'delete'];
    expect(after('node ').candidates).toEqual(verbs);
    expect(after('record list -').candidates).not.toContain('--dry-run');
  });

  it.each(['bash', 'zsh', 'fish'] as const)('prints a script for %s that the shell can read', async (shell) => {
    const { code, out } = await run(null, ['completion', shell]);
    expect(code).toBe(0);
    expect(out).toBe(COMPLETION_SCRIPTS[shell]);
    const { error, status, stderr } = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
    // A machine without that shell cannot check it.
    const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT';
    expect(isMissing || { status, stderr }).toEqual(isMissing || { status: 0, stderr: '' });
  });

  describe('with live names', () => {
    let region: FakeRegion;
    beforeAll(async () => {
      region = await FakeRegion.start();
    });
    afterAll(() => region.stop());

    it('prints those that fit, and none that a shell would have to quote', async () => {
      region.on('GET /domains', page(...['example.test', 'ex$(reboot).test', 'other.test'].map((name) => ({ name }))));
      expect((await run(region, ['__complete', '--', 'domain', 'show', 'ex'])).out).toBe('example.test\n');
    });

    it('prints a VLAN by its name where it alone has it, and always by its fabric', async () => {
      const vlans = [
        ['web', 'f1'],
        ['untagged', 'f1'],
        ['untagged', 'f2'],
      ];
      region.on('GET /vlans', page(...vlans.map(([name, fabric]) => ({ name, fabric }))));
      expect((await run(region, ['__complete', '--', 'vlan', 'show', ''])).out).toBe(
        'web\nf1/web\nf1/untagged\nf2/untagged\n',
      );
      region.on('GET /ranges', page({ first: '10.0.0.1', last: '10.0.0.9' }));
      expect((await run(region, ['__complete', '--', 'range', 'show', '10'])).out).toBe('10.0.0.1-10.0.0.9\n');
    });

    it('is silent and quick when the region is away', async () => {
      const gone = { url: 'http://127.0.0.1:1' };
      expect(await run(gone, ['__complete', '--', 'domain', 'show', ''])).toEqual({ code: 0, out: '', err: '' });
      expect(await run(null, ['__complete', '--', 'domain', 'show', ''])).toEqual({ code: 0, out: '', err: '' });
    });

    it('completes in a real bash', async () => {
      const script = `${COMPLETION_SCRIPTS.bash}
        regent() { printf '%s\\n' list show create; }
        COMP_WORDS=(regent record s) COMP_CWORD=2
        _regent; printf '%s,' "\${COMPREPLY[@]}"`;
      const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
      expect(stdout).toBe('show,');
    });
  });
});
