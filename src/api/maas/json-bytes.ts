/** Bytes that are taken at once, and how many more there is room for: what is written last is seldom longer. */
const PART = 128 * 1024;
const ROOM = 32 * 1024;
/** Bytes of a UTF-16 unit in UTF-8, at most. */
const UNIT = 3;

/** JSON as bytes, written piece by piece. A long answer is never one text: V8 would copy its pieces into it, and once more into bytes. */
export class JsonBytes {
  #bytes = Buffer.allocUnsafeSlow(PART + ROOM);
  #at = 0;

  /** Is there enough for a part? */
  get isFull(): boolean {
    return this.#at >= PART;
  }

  /** Writes text that is JSON, or a piece of it. */
  text(text: string): void {
    this.#reserve(text.length * UNIT);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Gives what was written since the last part. */
  take(): Uint8Array {
    const part = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafeSlow(PART + ROOM);
    this.#at = 0;
    return part;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
