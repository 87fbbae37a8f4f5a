const HOUR_MS = 3_600_000;

/** The filters of an address as members of a query. `now`: ms; a time is cut to the minute, so that the query stays the same. */
export function historyQuery(
  query: Readonly<Record<string, string>>,
  now: number,
): {
  readonly text?: string;
  readonly object?: string;
  readonly who?: string;
  readonly by?: 'people' | 'machines';
  readonly since?: string;
} {
  const { text, object, who, by } = query;
  const hours = Number(query['hours'] ?? '');
  return {
    ...(text ? { text } : {}),
    ...(object ? { object } : {}),
    ...(who ? { who } : {}),
    ...(by === 'people' || by === 'machines' ? { by } : {}),
    ...(hours > 0 && hours <= 8760 ? { since: sinceHours(now, hours) } : {}),
  };
}

function sinceHours(now: number, hours: number): string {
  const at = now - hours * HOUR_MS;
  return new Date(at - (at % (HOUR_MS / 60))).toISOString();
}
