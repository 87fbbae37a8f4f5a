import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { freeTcpPort } from './ports.ts';
import type { Fault, PowerRig } from './rig.ts';

const TOKEN = 'hook-Token-4711';
const SLOW_MS = 1200;

/** A service of somebody else's that switches a machine. */
export async function webhookRig(): Promise<PowerRig> {
  let isOn = false;
  let fault: Fault | null = null;
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) => {
      response.writeHead(status);
      response.end(text);
    };
    const act = () => {
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, 'no');
      if (fault === 'garbage') return answer(200, 'lorem ipsum');
      const path = `${request.method} ${request.url}`;
      if (path === 'GET /m1/status')
        return answer(200, `{"status": "${isOn || fault === 'says-on' ? 'running' : 'stopped'}"}`);
      // It wants a slash: what has none is not found.
      if (path !== 'POST /m1/on/' && path !== 'POST /m1/off') return answer(404, 'nothing here');
      if (fault !== 'ignores') isOn = path === 'POST /m1/on/';
      return answer(202, '');
    };
    void sleep(fault === 'slow' ? SLOW_MS : 0).then(act);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const origin = (port: number) => ({
    power_on_uri: `http://127.0.0.1:${port}/m1/on`,
    power_off_uri: `http://127.0.0.1:${port}/m1/off`,
    power_query_uri: `http://127.0.0.1:${port}/m1/status`,
    power_token: TOKEN,
  });
  return {
    type: 'webhook',
    parameters: origin(typeof address === 'object' && address !== null ? address.port : 0),
    secret: 'power_token',
    elsewhere: origin(await freeTcpPort()),
    reach: realBmcAccess(),
    isOn: () => isOn,
    put: (state) => {
      isOn = state === 'on';
    },
    bootDevice: () => null,
    setFault: (next) => {
      fault = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
