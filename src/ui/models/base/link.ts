/**
 * The way to the site, as the browser's worker finds it. `node`: who answered last; `version`: its release; both '' when nobody did. Times in ms, the
 * browser's.
 */
export interface Link {
  readonly isUp: boolean;
  readonly since: number;
  readonly why: string;
  readonly node: string;
  readonly version: string;
}

/** What the badge of the connection says. `live`: all is answered; `held`: the site answers, and waits for its database; `lost`: nobody answers. */
export interface Badge {
  readonly kind: 'connecting' | 'live' | 'held' | 'lost';
  /** Since when; null: it does not matter. */
  readonly since: number | null;
  readonly why: string;
}

/** Where the page's own calls stand. `failedAt`: when the first of those failed that nothing has answered since; null: the last one was answered. */
export interface CallHealth {
  readonly failedAt: number | null;
  readonly why: string;
}

/** Calls before any. */
export const NO_CALLS: CallHealth = { failedAt: null, why: '' };

/** After a call that somebody answered. */
export const callAnswered = (): CallHealth => NO_CALLS;

/** After a call that nobody answered in time, or only to say that it cannot. */
export function callFailed(health: CallHealth, at: number, why: string): CallHealth {
  return { failedAt: health.failedAt ?? at, why };
}

/** The badge. `link` null: the worker has not said anything yet. */
export function badgeOf(link: Link | null, health: CallHealth): Badge {
  if (link === null) return { kind: 'connecting', since: null, why: '' };
  if (!link.isUp) return { kind: 'lost', since: link.since, why: link.why };
  if (health.failedAt !== null) return { kind: 'held', since: health.failedAt, why: health.why };
  return { kind: 'live', since: null, why: '' };
}

/** After a look at the site: the time of a state is that of its first look. */
export function linkAfter(link: Link | null, result: Omit<Link, 'since'>, at: number): Link {
  if (link !== null && link.isUp === result.isUp) {
    const isSame = link.node === result.node && link.why === result.why && link.version === result.version;
    return isSame ? link : { ...result, since: link.since };
  }
  return { ...result, since: at };
}

/** Which release the page came from, and whether the site has another one by now. While two run side by side it may change with each answer. */
export interface Releases {
  readonly own: string;
  readonly isNewer: boolean;
}

/** After an answer of a release: the first one is that of the page, which has just been loaded. */
export function releaseSeen(releases: Releases, version: string): Releases {
  if (version === '') return releases;
  if (releases.own === '') return { own: version, isNewer: false };
  const isNewer = version !== releases.own;
  return isNewer === releases.isNewer ? releases : { ...releases, isNewer };
}
