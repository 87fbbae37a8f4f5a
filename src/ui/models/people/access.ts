import type { User } from '../../../contract/people/user.ts';

export type { User };
export type Role = User['role'];

/** Roles, the one with the most rights first. */
export const ROLE_NAMES = ['admin', 'operator', 'user', 'auditor'] as const satisfies readonly Role[];

/** The moment so many days after now, ISO 8601; null if no number of days is given. */
export function afterDays(days: string, now: number): string | null {
  const count = Number(days);
  return days.trim() === '' || !Number.isFinite(count) ? null : new Date(now + count * 24 * 3_600_000).toISOString();
}

/** A browser as people call it: `Firefox 140 on Linux`; what it calls itself if that is not known. */
export function browserName(agent: string): string {
  const found = /\b(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/.exec(
    agent.replace(/\bChrome\/\d[\d.]*(?=.*\b(?:Edg|OPR)\/)/, ''),
  );
  if (!found) return agent;
  const names: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' };
  const system = /\b(Windows|Android|iPhone|iPad|Mac OS X|Linux)\b/.exec(agent)?.[1] ?? '';
  const name = names[found[1] ?? ''] ?? found[1];
  return system === '' ? `${name} ${found[2]}` : `${name} ${found[2]} on ${system.replace('Mac OS X', 'macOS')}`;
}
