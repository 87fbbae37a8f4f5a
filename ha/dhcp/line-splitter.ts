/** Longer than any line of ours: a hundred pairs are 50 KB. */
const LINE_MAX = 262_144;

/** Cuts what comes into lines. `add` gives false when a line is longer than any may be. */
export interface LineSplit {
  add(part: Buffer): boolean;
}

/** Calls `onLine` with each whole line, without its end. */
export function splitLines(onLine: (line: string) => void): LineSplit {
  let rest = '';
  const decoder = new TextDecoder();
  return {
    add: (part) => {
      rest += decoder.decode(part, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.length <= LINE_MAX) onLine(line);
      return rest.length <= LINE_MAX && lines.every((line) => line.length <= LINE_MAX);
    },
  };
}
