import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const restartsNotAfter = (unit: string) =>
  /^RestartPreventExitStatus=(\d+)$/m.exec(readFileSync(join(ROOT, 'systemd', unit), 'utf8'))?.[1];

// systemd looks at ConditionPathExists= when a unit is started, not when it starts one again by itself (Restart=).
describe('a unit whose configuration has gone ends for good', () => {
  it('the health program of the floating address says so by its exit status', () => {
    expect(existsSync('/etc/keepalived/regent/health.json'), 'this machine is not a region node').toBe(false);
    const ended = spawnSync(process.execPath, [join(ROOT, 'ha/vip/health.ts')], { encoding: 'utf8', timeout: 20_000 });
    expect({ status: String(ended.status), stderr: ended.stderr }).toEqual({
      status: restartsNotAfter('regent-vip-health.service'),
      stderr: '',
    });
  });
  it('etcd, which exits with 0 when its cluster has removed it', () => {
    expect(restartsNotAfter('etcd.service.d/regent.conf')).toBe('0');
  });
});
