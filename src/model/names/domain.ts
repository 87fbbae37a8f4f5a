/**
 * A domain. `ttl` in seconds, null for the site's default. `leaseNames`: names that DHCP clients give themselves are published in it.
 * `transferTo`: other name servers that copy it; `transferKey`: name of the key that signs that. Left out: none.
 * `authoritative` false: others answer for it, and questions about it go to `forwardTo` (`names/forward-server.ts`). Left out: it is served here.
 */
export interface Domain {
  readonly id: number;
  readonly name: string;
  readonly ttl: number | null;
  readonly leaseNames: boolean;
  readonly transferTo?: readonly string[];
  readonly transferKey?: string | null;
  readonly authoritative?: boolean;
  readonly forwardTo?: readonly string[];
}
