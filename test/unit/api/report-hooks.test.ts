import type { FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { AgentGate } from '../../../src/api/agent/gate.ts';
import { reportHooks } from '../../../src/api/agent/remember.ts';
import { anObservation } from '../../kit/observation.ts';

/** Two reports of each node come while the database is away, and are let in together when it is back. */
function play() {
  const remembered: [node: string, generation: number][] = [];
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const gate = { hooks: { onRequest: () => opened, preHandler: async () => undefined } };
  const reports = reportHooks(gate as unknown as AgentGate, {
    isLocal: false,
    peerOf: (socket) => ({ nodeId: (socket as unknown as { node: string }).node }) as never,
    region: {
      host: { remember: (node: string, report: { generation: number }) => remembered.push([node, report.generation]) },
    } as never,
  });
  const report = (node: string, generation: number, as = node) => {
    const request = {
      body: anObservation(node, { generation }),
      raw: { socket: { node: as } },
    } as unknown as FastifyRequest;
    const waiting = reports.hooks.preHandler?.(request, {} as FastifyReply);
    return { request, waiting };
  };
  const isOvertaken = (node: string, request: FastifyRequest) => reports.isOvertaken(node, request);
  return { report, remembered, isOvertaken, open };
}

describe('reports that wait for the database', () => {
  it('are stored once: the newest of each node, whatever their order', async () => {
    const { report, remembered, isOvertaken, open } = play();
    const [first, other, second] = [report('r1', 1), report('r2', 7), report('r1', 2)];
    expect(remembered).toEqual([
      ['r1', 1],
      ['r2', 7],
      ['r1', 2],
    ]);
    open();
    await Promise.all([first.waiting, other.waiting, second.waiting]);
    expect(isOvertaken('r1', second.request)).toBe(false);
    expect(isOvertaken('r1', first.request)).toBe(true);
    expect(isOvertaken('r2', other.request)).toBe(false);
  });

  it('of a stranger overtake nobody', async () => {
    const { report, remembered, isOvertaken, open } = play();
    const [first, stranger] = [report('r1', 1), report('r1', 9, 'r2')];
    open();
    await Promise.all([first.waiting, stranger.waiting]);
    expect(remembered).toEqual([['r1', 1]]);
    expect(isOvertaken('r1', first.request)).toBe(false);
  });
});
