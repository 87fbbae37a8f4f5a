import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { outputOf } from '../../model/machines/machine-run.ts';
import type { MachineCaller, MetadataPort, ScriptOutput } from '../../region/machines/metadata/port.ts';
import { readSignal, readStatus } from '../../region/machines/metadata/report-meanings.ts';
import { parseJsonBody } from '../json-body.ts';
import type { MetadataAnswer, MetadataExchange } from './exchange.ts';
import { type MetadataForm, readBody } from './body.ts';

/** Bytes of an inventory: the inventory of a machine with a thousand devices has some hundred thousand. */
const INVENTORY_MAX = 2 * 1024 * 1024;
/** Bytes of a report; cloud-init puts logs of a failure in it. */
const STATUS_MAX = 4 * 1024 * 1024;

/** A report of cloud-init. It has no Content-Type, so none is required. */
export async function takeStatus(
  metadata: MetadataPort,
  requester: MachineCaller,
  { body }: MetadataExchange,
): Promise<MetadataAnswer | Rejected> {
  const bytes = await readBody(body, STATUS_MAX);
  if (isRejected(bytes)) return bytes;
  if (bytes.some((byte) => byte > 0x7f))
    return rejected('bad_request', 'The report holds other characters than ASCII.');
  const parsed = parseJsonBody(bytes.toString('latin1'));
  if (isRejected(parsed)) return parsed;
  const report = readStatus(parsed.value);
  if (isRejected(report)) return report;
  return (await metadata.report(requester, report)) ?? { status: 204, body: '' };
}

/** The progress of a machine's scripts, with their outputs. */
export async function takeSignal(
  metadata: MetadataPort,
  requester: MachineCaller,
  form: MetadataForm,
): Promise<MetadataAnswer | Rejected> {
  const signal = readSignal(form.fields);
  if (isRejected(signal)) return signal;
  const outputs: ScriptOutput[] = [];
  for (const { filename, name, content, bytes } of form.files) {
    const place = outputOf(filename === null || filename === '' ? name : filename);
    if (place === null) return rejected('bad_request', 'A file has no name of a script.');
    outputs.push({ ...place, content, bytes: Math.max(bytes, countOf(form, place.kind)) });
  }
  return (await metadata.signal(requester, signal, outputs)) ?? { status: 200, body: 'OK' };
}

/** How many bytes a script printed. Only our own runner has this field: it sends the first bytes of an output and counts the rest. */
function countOf({ fields }: MetadataForm, kind: string): number {
  const count = fields.get(`${kind}_bytes`) ?? '';
  return /^[0-9]{1,15}$/.test(count) ? Number(count) : 0;
}

/** A machine's hardware. Members that do not fit are left out and listed in the answer, so that the author of the program sees them. */
export async function takeInventory(
  metadata: MetadataPort,
  requester: MachineCaller,
  { body, source }: MetadataExchange,
): Promise<MetadataAnswer | Rejected> {
  const bytes = await readBody(body, INVENTORY_MAX);
  if (isRejected(bytes)) return bytes;
  const parsed = parseJsonBody(bytes.toString('utf8'));
  if (isRejected(parsed)) return parsed;
  const taken = await metadata.inventory(requester, parsed.value, source);
  if (isRejected(taken)) return taken;
  const { problems, added } = taken;
  return { status: 200, type: 'application/json', body: JSON.stringify({ problems, added }) };
}
