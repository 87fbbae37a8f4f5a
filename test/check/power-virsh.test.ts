import { describe, expect, it } from 'vitest';
import { filePath } from '../../src/host/ask/bmc/interface.ts';
import { meaningOf } from '../../src/power/virsh/answers.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { conforms } from '../kit/power/conformance.ts';
import { reachWith } from '../kit/power/rig.ts';

/** A host of libvirt's test driver that lets one user in. */
const NODE = `<node>
  <auth><user password='Geheim'>admin</user></auth>
  <domain type='test'><name>m1</name><memory>1024</memory><os><type>hvm</type></os></domain>
</node>`;

conforms('virsh');

describe('libvirt', () => {
  it('reads its credentials from a file without a name', async () => {
    await using host = await DebianHost.open();
    host.write('/node.xml', NODE);
    const reach = reachWith((argv) => host.onOurNetwork(argv));
    const domstate = (password: string) =>
      reach.run({
        argv: ['/usr/bin/virsh', '--connect', 'test:////node.xml', 'domstate', '--domain', 'm1'],
        env: { LIBVIRT_AUTH_FILE: filePath(0) },
        files: [
          `[credentials-regent]\nusername=admin\npassword=${password}\n\n[auth-test-localhost]\ncredentials=regent\n`,
        ],
        timeoutMs: 10_000,
      });
    const good = await domstate('Geheim');
    expect(good).toMatchObject({ code: 0, stdout: 'running\n\n' });
    const bad = await domstate('wrong');
    expect(meaningOf(bad)).toMatchObject({ kind: 'failed', code: 'refused-credentials' });
  });
});
