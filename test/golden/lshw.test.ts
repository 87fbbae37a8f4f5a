import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lldpDocument, lshwDocument } from '../../src/model/machines/tags/lshw.ts';
import { xmlText } from '../../src/model/machines/tags/xpath/node.ts';
import { SERVER } from '../kit/hardware.ts';

const golden = (name: string) => join(import.meta.dirname, 'lshw', name);
const VIRTUAL = { cpu: { count: 1, architecture: 'aarch64' }, memory: { kb: 1024 }, virtual: 'qemu' };

describe('the hardware of a machine as XML', () => {
  it('is as lshw writes it', async () => {
    await expect(xmlText(lshwDocument(SERVER, 'm1'))).toMatchFileSnapshot(golden('server.xml'));
    await expect(xmlText(lshwDocument(VIRTUAL, 'v'))).toMatchFileSnapshot(golden('virtual.xml'));
  });

  it('has its neighbours as lldpd writes them', async () => {
    await expect(xmlText(lldpDocument(SERVER))).toMatchFileSnapshot(golden('server-lldp.xml'));
  });
});
