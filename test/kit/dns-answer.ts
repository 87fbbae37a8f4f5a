import { createSocket } from 'node:dgram';

/**
 * A name server as a program, to be run in a network namespace: it answers every question on UDP port 53 with one address, so that
 * a resolver that asks it can be told from one that does not. Prints `ready` when it listens.
 */
const ADDRESS = [192, 0, 2, 53];

const socket = createSocket('udp4');
socket.on('message', (query, from) => {
  let end = 12;
  while ((query[end] ?? 0) !== 0) end += 1 + (query[end] ?? 0);
  const question = query.subarray(12, end + 5);
  const type = query.readUInt16BE(end + 1);
  // Header (RFC 1035 §4.1.1): an answer, recursion available, one question, one answer for A and none for other types.
  const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, type === 1 ? 1 : 0, 0, 0, 0, 0]);
  const answer = type === 1 ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, ...ADDRESS]) : Buffer.alloc(0);
  socket.send(Buffer.concat([header, question, answer]), from.port, from.address);
});
socket.bind(53, '0.0.0.0', () => console.log('ready'));
