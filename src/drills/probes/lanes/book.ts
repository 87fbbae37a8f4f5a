import type { Lane, Ledger, Sample } from '../../../judge/timeline.ts';
import type { LaneSample, WriteOutcome } from './lane.ts';

/** The probes' questions and answers, as they come in: lanes, and what became of numbered writes. */
export class SampleBook {
  readonly #lanes: Map<string, Sample[]>;
  readonly #numbers: Record<WriteOutcome, number[]> = { acknowledged: [], ambiguous: [], refused: [] };

  /** `lanes` are in the record even when they have no questions. */
  constructor(lanes: readonly string[] = []) {
    this.#lanes = new Map(lanes.map((name) => [name, []]));
  }

  add({ lane, number, outcome, ...sample }: LaneSample): void {
    const samples = this.#lanes.get(lane) ?? [];
    samples.push(sample);
    this.#lanes.set(lane, samples);
    if (number !== undefined && outcome !== undefined) this.#numbers[outcome].push(number);
  }

  /** Lanes, their samples in the order in which they were sent. */
  lanes(): readonly Lane[] {
    return [...this.#lanes].map(([probe, samples]) => ({
      probe,
      samples: samples.toSorted((a, b) => a.sentAt - b.sentAt),
    }));
  }

  /** Numbers of writes by what became of them, ascending. */
  numbers(): Pick<Ledger, WriteOutcome> {
    const sorted = (outcome: WriteOutcome) => this.#numbers[outcome].toSorted((a, b) => a - b);
    return { acknowledged: sorted('acknowledged'), ambiguous: sorted('ambiguous'), refused: sorted('refused') };
  }

  /** Has this lane so many good answers? */
  hasGood(lane: string, count: number): boolean {
    return (this.#lanes.get(lane) ?? []).filter(({ why }) => why === undefined).length >= count;
  }
}
