import type { ProductLab } from '../kit/lab.ts';

/** Resident memory of a unit's main process in a lab's host, MB. */
export async function unitMb(lab: Pick<ProductLab, 'ask'>, host: string, unit: string): Promise<number> {
  const pid = await lab.ask(host, ['systemctl', 'show', '--property=MainPID', '--value', unit]);
  const status = await lab.ask(host, ['cat', `/proc/${pid}/status`]);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
