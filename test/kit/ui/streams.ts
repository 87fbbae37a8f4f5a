import type { ServerResponse } from 'node:http';
import type { Event } from '../../../src/contract/site/event.ts';

/** The open streams of events of a site that a test plays, and how they break. */
export class Streams {
  readonly #open = new Set<ServerResponse>();
  /** How the next streams break as they open, one each: after so many characters; -1: before their headers. */
  readonly cutsAtOpening: number[] = [];
  /** Those that open wait for it. */
  gate: Promise<void> | null = null;
  /** When the first one was asked for; null: not yet. */
  askedAt: number | null = null;
  /** After so many characters of the next event every stream breaks; null: they hold. */
  cutAfter: number | null = null;

  get size(): number {
    return this.#open.size;
  }

  /** From now on they hold. */
  hold(): void {
    this.cutAfter = null;
    this.gate = null;
    this.cutsAtOpening.length = 0;
  }

  /** Opens one that goes on after an event: those that came since follow at once, as a region sends them. */
  open(response: ServerResponse, last: number, missed: readonly Event[]): void {
    const text = [`retry: 1000\nid: ${last}\n\n`, ...missed.map(textOf)].join('');
    const cut = this.cutsAtOpening.shift();
    if (cut !== undefined && cut < 0) return void response.destroy();
    response.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' });
    response.flushHeaders();
    const beat = setInterval(() => response.write(': still here\n\n'), 2000);
    this.#open.add(response);
    response.on('close', () => {
      clearInterval(beat);
      this.#open.delete(response);
    });
    if (cut === undefined) response.write(text);
    else broken(response, text.slice(0, cut));
  }

  /** Tells every stream of an event. */
  emit(event: Event): void {
    const cut = this.cutAfter;
    this.cutAfter = null;
    for (const stream of this.#open) {
      if (cut === null) stream.write(textOf(event));
      else broken(stream, textOf(event).slice(0, cut));
    }
  }

  /** Breaks every one. */
  cut(): void {
    for (const stream of this.#open) stream.destroy();
  }
}

/** An event as a stream has it. */
export function textOf(event: Event): string {
  return `id: ${event.id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Sends this, and no more. */
function broken(stream: ServerResponse, text: string): void {
  if (text === '') stream.destroy();
  else stream.write(text, () => stream.destroy());
}
