/** The n-th MAC of a family: `52:54:<family>:…`. */
export function macOf(family: number, number: number): string {
  const bytes = [0x52, 0x54, family, (number >> 16) & 255, (number >> 8) & 255, number & 255];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
