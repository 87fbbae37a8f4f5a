/** Bytes that are taken at once, and how many more there is room for: what is written last is seldom longer. */
const PART = 128 * 1024;
const ROOM = 32 * 1024;
/** Bytes of a UTF-16 unit in UTF-8, at most. */
const UNIT = 3;
const [COMMA, OPEN, CLOSE, BRACE] = [0x2c, 0x5b, 0x5d, 0x7d];

/** Where a value was written, in a part that was not taken yet. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * JSON as bytes, written piece by piece. What many objects show is given as text that was made once, and what was written may be written again. A long answer is
 * never one text: V8 would copy its pieces into it, and once more into bytes.
 */
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

  /** Writes a value. */
  value(value: object | null): Span {
    const from = this.#at;
    this.text(JSON.stringify(value));
    return { from, to: this.#at };
  }

  /** Writes an object that stays open for more members. */
  open(object: object): void {
    this.text(JSON.stringify(object));
    this.#at -= 1;
  }

  /** Writes members into the object that is open and has some already. */
  more(members: object): void {
    const begin = this.#at;
    this.open(members);
    if (this.#at === begin + 1) this.#at = begin;
    else this.#bytes[begin] = COMMA;
  }

  /** Ends the object that is open. */
  close(): void {
    this.#byte(BRACE);
  }

  /** Writes a list, each item by `write`. Gives where they are. */
  list<T>(items: readonly T[], write: (item: T, index: number) => void): readonly Span[] {
    const spans: Span[] = [];
    this.#byte(OPEN);
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#byte(COMMA);
      const from = this.#at;
      write(item, index);
      spans.push({ from, to: this.#at });
    }
    this.#byte(CLOSE);
    return spans;
  }

  /** Writes a value once more; null where there is none. */
  again(span: Span | undefined): void {
    if (span === undefined) return this.text('null');
    const { from, to } = span;
    this.#reserve(to - from);
    this.#bytes.copy(this.#bytes, this.#at, from, to);
    this.#at += to - from;
  }

  /** Gives what was written since the last part. */
  take(): Uint8Array {
    const part = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafeSlow(PART + ROOM);
    this.#at = 0;
    return part;
  }

  #byte(one: number): void {
    this.#reserve(1);
    this.#bytes[this.#at] = one;
    this.#at += 1;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
