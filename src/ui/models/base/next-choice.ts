/** The choice of a list after a press of an arrow key; it goes round. -1: none. */
export function nextChoice(at: number, count: number, key: string): number {
  if (count === 0) return -1;
  if (key === 'ArrowDown') return (at + 1) % count;
  return at <= 0 ? count - 1 : at - 1;
}
