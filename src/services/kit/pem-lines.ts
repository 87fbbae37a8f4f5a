/** The lines of a PEM text between its first and its last one. */
export const pemLines = (text: string): string[] => text.trim().split('\n').slice(1, -1);
