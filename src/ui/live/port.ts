import type { Channel } from './messages.ts';

/**
 * A channel over a message port of the browser. The other end is of the same release, so its messages have the declared
 * type.
 */
export function overPort<In, Out>(port: MessagePort): Channel<In, Out> {
  return {
    send: (message) => port.postMessage(message),
    onMessage(handler) {
      port.onmessage = ({ data }) => handler(data as In);
    },
  };
}
