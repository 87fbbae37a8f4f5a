import type { Inventory } from '../../../../contract/machines/machine-inventory.ts';
import { lldpDocument, lshwDocument } from '../../../../model/machines/tags/lshw.ts';
import { xmlText } from '../../../../model/machines/tags/xpath/node.ts';

const BINARY = 0x05;
const NULL = 0x0a;
/** Subtype of bytes that are nothing in particular. */
const GENERIC = 0x00;

/**
 * The hardware report of a machine, as MAAS gives it: a document of BSON (bsonspec.org) with the bytes of two XML documents, `lldp` and `lshw`; null: it has
 * reported nothing. `hostname`: the id of the system. Pure.
 */
export function detailsOf(inventory: Inventory | null, hostname = ''): Buffer {
  const hasLldp = inventory?.interfaces?.some(({ lldp = [] }) => lldp.length > 0) === true;
  const lldp = inventory !== null && hasLldp ? xmlText(lldpDocument(inventory)) : null;
  const lshw = inventory === null ? null : xmlText(lshwDocument(inventory, hostname));
  const body = Buffer.concat([member('lldp', lldp), member('lshw', lshw)]);
  return Buffer.concat([int32(body.length + 5), body, Buffer.of(0)]);
}

function member(name: string, text: string | null): Buffer {
  const key = Buffer.from(`${name}\0`, 'latin1');
  if (text === null) return Buffer.concat([Buffer.of(NULL), key]);
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(BINARY), key, int32(bytes.length), Buffer.of(GENERIC), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
