import { lookup } from 'node:dns';
import { connect, isIP } from 'node:net';
import { deadline } from '../deadline.ts';
import { runProgram } from '../../exec.ts';
import { askByDatagram } from './datagram.ts';
import type { NoAnswer, BmcAccess } from './interface.ts';
import { matchPatterns } from './pattern.ts';
import { noAnswer, silence } from './no-answer.ts';
import { askWeb } from './web.ts';

/** The network as this process sees it. */
export function realBmcAccess(): BmcAccess {
  return {
    run: runProgram,
    resolve: resolveName,
    match: matchPatterns,
    web: askWeb,
    datagram: askByDatagram,
    connect: tryConnect,
  };
}

function resolveName({ host, timeoutMs }: Parameters<BmcAccess['resolve']>[0]): Promise<readonly string[] | NoAnswer> {
  if (isIP(host) !== 0) return Promise.resolve([host]);
  return new Promise((resolve) => {
    const settle = (result: readonly string[] | NoAnswer) => {
      cancel();
      resolve(result);
    };
    const cancel = deadline(timeoutMs, () => settle(silence(`the name server asked for ${host}`, timeoutMs)));
    lookup(host, { all: true, order: 'verbatim' }, (error, found) =>
      settle(error ? noAnswer(host, error) : found.map(({ address }) => address)),
    );
  });
}

function tryConnect({ host, port, timeoutMs }: Parameters<BmcAccess['connect']>[0]): Promise<'open' | NoAnswer> {
  const place = `${host} port ${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (result: 'open' | NoAnswer) => {
      cancel();
      socket.destroy();
      resolve(result);
    };
    const cancel = deadline(timeoutMs, () => settle(silence(place, timeoutMs)));
    socket.on('connect', () => settle('open'));
    socket.on('error', (error) => settle(noAnswer(place, error)));
  });
}
