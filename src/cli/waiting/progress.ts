import { printable } from '../format/escape.ts';
import type { CliIo } from '../io.ts';

/** Progress on stderr: on a terminal one line that is overwritten, else a plain line for each new text. */
export interface Progress {
  say(text: string): void;
  /** Ends the line and leaves `text` (nothing if empty). */
  end(text: string): void;
}

const CLEAR_LINE = '\r\u001b[2K';

/** Makes a progress line. TERM=dumb counts as no terminal. */
export function makeProgress(io: CliIo): Progress {
  const isLive = io.err.isTerminal && io.env['TERM'] !== 'dumb';
  const state = { last: '' };
  return {
    say: (text) => {
      const line = printable(text);
      if (line === state.last) return;
      state.last = line;
      io.err.write(isLive ? `${CLEAR_LINE}${line.slice(0, Math.max(20, io.err.columns - 1))}` : `${line}\n`);
    },
    end: (text) => {
      const line = printable(text);
      if (isLive) io.err.write(CLEAR_LINE);
      if (line !== '' && (isLive || line !== state.last)) io.err.write(`${line}\n`);
      state.last = '';
    },
  };
}

/** May this stream be coloured? NO_COLOR (no-color.org) and TERM=dumb forbid it. */
export function hasColor(io: CliIo): boolean {
  return io.out.isTerminal && (io.env['NO_COLOR'] ?? '') === '' && io.env['TERM'] !== 'dumb';
}
