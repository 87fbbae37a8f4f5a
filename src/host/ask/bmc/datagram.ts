import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { deadline } from '../deadline.ts';
import type { DatagramQuestion, NoAnswer } from './interface.ts';
import { noAnswer, silence } from './no-answer.ts';

/** A datagram may be lost, so each is sent so many times. */
const SENDINGS = 3;

/** See `BmcAccess.datagram`. The socket is connected: a closed port shows at once, and only the queried address may answer. */
export function askByDatagram(question: DatagramQuestion): Promise<Uint8Array | NoAnswer> {
  const { host, port, packets, timeoutMs } = question;
  const place = `${host} port ${port} (UDP)`;
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    let again: NodeJS.Timeout | undefined;
    const settle = (result: Uint8Array | NoAnswer) => {
      cancel();
      clearInterval(again);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(result);
    };
    const cancel = deadline(timeoutMs, () => settle(silence(place, timeoutMs)));
    const send = () => {
      for (const packet of packets) socket.send(packet, (error) => error && settle(noAnswer(place, error)));
    };
    socket.on('error', (error) => settle(noAnswer(place, error)));
    socket.on('message', (bytes) => settle(bytes));
    socket.on('connect', () => {
      again = setInterval(send, timeoutMs / SENDINGS);
      send();
    });
    socket.connect(port, host);
  });
}
