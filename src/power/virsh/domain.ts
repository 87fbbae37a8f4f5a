import type { BootDevice } from '../../model/machines/power.ts';

const DEVICES: Readonly<Record<BootDevice, string>> = { pxe: 'network', disk: 'hd' };

/**
 * A domain's description that starts from this device, then from the other one. The same text when it does so already; null when its order stands at
 * its devices, which libvirt does not mix with this one.
 */
export function bootOrder(xml: string, device: BootDevice): string | null {
  if (/<boot order=/.test(xml)) return null;
  const other = device === 'pxe' ? 'disk' : 'pxe';
  const wanted = [DEVICES[device], DEVICES[other]];
  const os = /<os\b[^>]*>[\s\S]*?<\/os>/.exec(xml)?.[0];
  if (os === undefined) return null;
  const given = [...os.matchAll(/<boot dev=['"](\w+)['"]\/>/g)].map((match) => match[1]);
  if (given.join() === wanted.join()) return xml;
  const bare = os.replace(/\s*<boot dev=['"]\w+['"]\/>/g, '');
  const lines = wanted.map((dev) => `    <boot dev='${dev}'/>\n`).join('');
  return xml.replace(os, () => bare.replace(/\s*<\/os>$/, () => `\n${lines}  </os>`));
}
