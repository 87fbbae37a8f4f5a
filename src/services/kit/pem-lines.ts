/** The lines of a PEM text between its first and its last one. */
export function pemLines(text: string): string[] {
  return text.trim().split('\n').slice(1, -1);
}
