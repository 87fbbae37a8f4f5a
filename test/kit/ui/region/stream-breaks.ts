import type { IncomingMessage, ServerResponse } from 'node:http';

/** A stream that opens. `isCut`: it breaks before its headers. */
interface Opening {
  readonly isCut: boolean;
  /** Passes the stream on until it breaks. */
  pipe(from: IncomingMessage, to: ServerResponse): void;
}

/** How streams of events break on their way to a browser. */
export class StreamBreaks {
  /** How the next streams break as they open, one each: after so many characters; -1: before their headers. */
  readonly atOpening: number[] = [];
  /** Streams wait for it before they open. */
  gate: Promise<void> | null = null;
  /** When the first one was requested; null: not yet. */
  requestedAt: number | null = null;
  /** Where in the text of the next event every stream breaks; null: they hold. */
  inEvent: ((text: string) => number) | null = null;

  /** From now on they hold. */
  reset(): void {
    [this.gate, this.inEvent] = [null, null];
    this.atOpening.length = 0;
  }

  async open(): Promise<Opening> {
    this.requestedAt ??= Date.now();
    await this.gate;
    const first = this.atOpening.shift();
    return {
      isCut: first !== undefined && first < 0,
      pipe: (from, to) => {
        to.flushHeaders();
        if (first === 0) return void to.destroy();
        from.on('data', (chunk: Buffer) => {
          const text = String(chunk);
          const at = first ?? (text.includes('data:') ? this.inEvent?.(text) : undefined);
          if (at === undefined) return void to.write(chunk);
          this.inEvent = null;
          if (at === 0) to.destroy();
          else to.write(text.slice(0, at), () => to.destroy());
        });
        from.on('end', () => to.end());
      },
    };
  }
}
