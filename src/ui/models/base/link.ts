/**
 * The connection to the site, as the browser's worker finds it. `node`: the node that answered last; `version`: its
 * release; both '' if no node answered. Times in ms, by the browser's clock.
 */
export interface Link {
  readonly isUp: boolean;
  readonly since: number;
  readonly why: string;
  readonly node: string;
  readonly version: string;
}

/**
 * What the badge of the connection shows. `live`: all calls are answered; `held`: the site answers, and waits for its
 * database; `lost`: the site does not answer.
 */
export interface Badge {
  readonly kind: 'connecting' | 'live' | 'held' | 'lost';
  /** Since when; null: it does not matter. */
  readonly since: number | null;
  readonly why: string;
}

/**
 * The state of the page's own calls. `failedAt`: the first failure since the last answer; null: the last call was
 * answered.
 */
export type CallHealth = { readonly failedAt: number | null; readonly why: string };

/** The state before the first call. */
export const NO_CALLS: CallHealth = { failedAt: null, why: '' };

/** The state after an answer. */
export const callAnswered = (): CallHealth => NO_CALLS;

/** The state after a call without an answer in time, or with an answer that the site cannot serve it now. */
export function callFailed(health: CallHealth, at: number, why: string): CallHealth {
  return { failedAt: health.failedAt ?? at, why };
}

/** The badge. `link` null: the worker has not sent a message yet. */
export function badgeOf(link: Link | null, health: CallHealth): Badge {
  if (link === null) return { kind: 'connecting', since: null, why: '' };
  if (!link.isUp) return { kind: 'lost', since: link.since, why: link.why };
  if (health.failedAt !== null) return { kind: 'held', since: health.failedAt, why: health.why };
  return { kind: 'live', since: null, why: '' };
}

/** After a probe of the site: the time of a state is that of the first probe with this state. */
export function linkAfter(link: Link | null, result: Omit<Link, 'since'>, at: number): Link {
  if (link !== null && link.isUp === result.isUp) {
    const isSame = link.node === result.node && link.why === result.why && link.version === result.version;
    return isSame ? link : { ...result, since: link.since };
  }
  return { ...result, since: at };
}

/**
 * The release of the page, and whether the site has another one. While two releases run, it may change with each
 * answer.
 */
export type Releases = { readonly own: string; readonly isNewer: boolean };

/** After an answer of a release: the first one is that of the page, which has just been loaded. */
export function releaseSeen(releases: Releases, version: string): Releases {
  if (version === '') return releases;
  if (releases.own === '') return { own: version, isNewer: false };
  const isNewer = version !== releases.own;
  return isNewer === releases.isNewer ? releases : { ...releases, isNewer };
}
