/* SHA-256 (FIPS 180-4) of bytes that come in pieces: the browser's own takes a whole only, and an image is larger than a memory. */

const PRIMES = firstPrimes(64);
/** The first 32 bits of the fractions of the cube roots of the first 64 primes, and of the square roots of the first 8. */
const K = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const H = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const BLOCK = 64;

/** A digest that grows. `digest` ends it: lower-case hexadecimal. */
export type Sha256 = { update(bytes: Uint8Array): void; digest(): string };

/** Starts an empty digest. */
export function createSha256(): Sha256 {
  const state = Uint32Array.from(H);
  const schedule = new Uint32Array(64);
  const rest = new Uint8Array(BLOCK);
  let held = 0;
  let length = 0;

  const update = (bytes: Uint8Array) => {
    length += bytes.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(BLOCK - held, bytes.length);
      rest.set(bytes.subarray(0, at), held);
      held += at;
      if (held < BLOCK) return;
      compress(state, schedule, rest, 0);
      held = 0;
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) compress(state, schedule, bytes, at);
    rest.set(bytes.subarray(at));
    held = bytes.length - at;
  };

  return {
    update,
    digest() {
      const bits = length * 8;
      const end = new Uint8Array(held < 56 ? BLOCK - held : 2 * BLOCK - held);
      end[0] = 0x80;
      const view = new DataView(end.buffer);
      view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
      view.setUint32(end.length - 4, bits >>> 0);
      update(end);
      return [...state].map((value) => value.toString(16).padStart(8, '0')).join('');
    },
  };
}

function compress(state: Uint32Array, w: Uint32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i += 1) {
    const j = at + i * 4;
    w[i] = (byte(bytes, j) << 24) | (byte(bytes, j + 1) << 16) | (byte(bytes, j + 2) << 8) | byte(bytes, j + 3);
  }
  for (let i = 16; i < 64; i += 1) {
    const [x, y] = [uint32At(w, i - 15), uint32At(w, i - 2)];
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = (uint32At(w, i - 16) + s0 + uint32At(w, i - 7) + s1) | 0;
  }
  let a = uint32At(state, 0);
  let b = uint32At(state, 1);
  let c = uint32At(state, 2);
  let d = uint32At(state, 3);
  let e = uint32At(state, 4);
  let f = uint32At(state, 5);
  let g = uint32At(state, 6);
  let h = uint32At(state, 7);
  for (let i = 0; i < 64; i += 1) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + uint32At(K, i) + uint32At(w, i)) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i += 1) state[i] = uint32At(state, i) + (sums[i] as number);
}

const turn = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits));
const uint32At = (values: Uint32Array, index: number): number => values[index] as number;
const byte = (bytes: Uint8Array, index: number): number => bytes[index] as number;

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) >>> 0;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}
