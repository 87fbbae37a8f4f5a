import type { Socket } from 'node:net';
import { findUser } from '../host/accounts.ts';
import { peerOf } from '../host/peer.ts';

/** Tells by peer credentials whether root or this user of this host is at the other end of a unix socket. */
export function isOwnHost(user: string): (socket: Socket) => Promise<boolean> {
  return async (socket) => {
    const peer = await peerOf(socket);
    if (peer === null) return false;
    const account = await findUser(user).catch(() => null);
    return peer.uid === 0 || peer.uid === account?.uid;
  };
}
