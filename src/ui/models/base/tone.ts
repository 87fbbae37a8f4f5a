import type { Service, TrackedState } from '../../../contract/cluster/service.ts';

/** The five tones of the screens. Each has a label and a shape; the colour is an addition. */
export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'off';

/** The worst first. */
export const TONES = ['bad', 'warn', 'busy', 'off', 'ok'] as const satisfies readonly Tone[];

/** The worst of some tones; `off` if there are none. */
export const worst = (tones: readonly Tone[]): Tone => TONES.find((tone) => tones.includes(tone)) ?? 'off';

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

/** The state of a service as text. */
export const serviceStateText = (state: Service['state']): string => state.replaceAll('_', ' ');
