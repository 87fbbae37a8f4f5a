const TYPES: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28 };

/** A query packet with recursion desired (RFC 1035 §4.1). */
export function encodeQuery(id: number, name: string, type: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const question = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...question, Buffer.from([0, 0, TYPES[type] ?? 1, 0, 1])]);
}

/** Response code and the data of the answer section. Throws on a cut packet. */
export function decodeAnswer(packet: Buffer): { rcode: number; data: string[] } {
  let at = 12;
  for (let count = packet.readUInt16BE(4); count > 0; count -= 1) at = readName(packet, at).next + 4;
  const data: string[] = [];
  for (let count = packet.readUInt16BE(6); count > 0; count -= 1) {
    at = readName(packet, at).next;
    const type = packet.readUInt16BE(at);
    const length = packet.readUInt16BE(at + 8);
    data.push(readData(packet, at + 10, type, length));
    at += 10 + length;
  }
  return { rcode: (packet[3] ?? 0) & 15, data };
}

function readData(packet: Buffer, at: number, type: number, length: number): string {
  if (type === 1) return [...packet.subarray(at, at + 4)].join('.');
  if (type === 16) {
    let text = '';
    for (let offset = at; offset < at + length; offset += 1 + (packet[offset] ?? 0)) {
      text += packet.subarray(offset + 1, offset + 1 + (packet[offset] ?? 0)).toString('latin1');
    }
    return text;
  }
  if (type === 2 || type === 5 || type === 12) return readName(packet, at).name;
  return packet.subarray(at, at + length).toString('hex');
}

function readName(packet: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = start;
  let next = -1;
  for (let hops = 0; hops < 128; hops += 1) {
    const length = packet.readUInt8(at);
    if (length >= 0xc0) {
      if (next < 0) next = at + 2;
      at = packet.readUInt16BE(at) & 0x3fff;
    } else if (length === 0) {
      return { name: labels.join('.'), next: next < 0 ? at + 1 : next };
    } else {
      labels.push(packet.subarray(at + 1, at + 1 + length).toString('latin1'));
      at += 1 + length;
    }
  }
  throw new Error('a name in the answer does not end');
}
