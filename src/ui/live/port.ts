import type { Channel } from './messages.ts';

/** The channel over a port of the browser's: the other end is of this release, too, so its messages are what they are said to be. */
export function overPort<In, Out>(port: MessagePort): Channel<In, Out> {
  return {
    send: (message) => port.postMessage(message),
    onMessage(handler) {
      port.onmessage = ({ data }) => handler(data as In);
    },
  };
}
