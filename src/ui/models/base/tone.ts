import type { Service, TrackedState } from '../../../contract/cluster/service.ts';

/** How something is, in the five ways that the screens tell apart: by a word and a shape each, and by a colour besides. */
export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'off';

/** The worst first. */
export const TONES = ['bad', 'warn', 'busy', 'off', 'ok'] as const satisfies readonly Tone[];

/** The worst of some; `off` of none. */
export function worst(tones: readonly Tone[]): Tone {
  return TONES.find((tone) => tones.includes(tone)) ?? 'off';
}

const SERVICE_TONES: Readonly<Record<TrackedState, Tone>> = {
  healthy: 'ok',
  absent: 'off',
  pending: 'busy',
  rolled_back: 'warn',
  unknown: 'warn',
  stale: 'warn',
  unhealthy: 'bad',
  render_failed: 'bad',
  rejected: 'bad',
  check_failed: 'bad',
  install_failed: 'bad',
};

/** Of a state of a service. */
export const serviceTone = (state: TrackedState): Tone => SERVICE_TONES[state];

/** The word of a service's state. */
export const serviceStateText = (state: Service['state']): string => state.replaceAll('_', ' ');
