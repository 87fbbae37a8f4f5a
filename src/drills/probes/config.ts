/** A prober's configuration: on standard input only, because it holds a secret. Times in ms. */
export interface ProberConfig {
  /** Between two questions of one probe. */
  readonly everyMs: number;
  /** How long open questions may still take after the stop. */
  readonly stopMs: number;
  /** Where the API is. */
  readonly api?: ApiPlace;
  readonly write?: WriteOrder;
  readonly read?: ReadOrder;
  readonly maas?: MaasOrder;
  /** What must accept a connection. */
  readonly vip?: { readonly host: string; readonly port: number; readonly timeoutMs: number };
  readonly dns?: DnsOrder;
  readonly proxy?: ProxyOrder;
}

/** `apiKey`: `consumer:token:secret`. */
export type ApiPlace = { readonly host: string; readonly port: number; readonly apiKey: string };

/** Numbered writes, each a call of the API in which `{number}` stands for its number, in the path and in the body's text. */
export interface WriteOrder {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly body: string;
  readonly firstNumber: number;
  /** Of one try. */
  readonly timeoutMs: number;
  /** Of all tries. */
  readonly deadlineMs: number;
}

/** Reads: one try, in turn on a connection of its own and on a keep-alive one. */
export type ReadOrder = { readonly path: string; readonly timeoutMs: number };

/** Calls of the MAAS API. `file`: the name of the file that changes store; `everyMs`: between two changes. */
export interface MaasOrder {
  readonly file: string;
  readonly everyMs: number;
  /** Of one try. */
  readonly timeoutMs: number;
}

/** A name that must have an answer. `lookup`: the resolvers that a machine has, queried in this order, each once. */
export interface DnsOrder {
  readonly name: string;
  readonly type: string;
  readonly timeoutMs: number;
  readonly servers: readonly NamedServer[];
  readonly lookup: readonly NamedServer[];
}

/** A resolver; the default port is 53. */
export type NamedServer = { readonly host: string; readonly address: string; readonly port?: number };

/** Fetches of what no cache has, through a proxy, from a web server that the prober itself is. */
export interface ProxyOrder {
  readonly host: string;
  readonly port: number;
  /** Address and port of the web server as the proxy reaches it: the port is listened at. */
  readonly origin: string;
  readonly originPort: number;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** A DHCP prober's configuration. Times in ms. */
export interface DhcpProberConfig {
  readonly vlan: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly stopMs: number;
  /** Number of the first machine, so that no two probers have one in common; below 2^24 with all that follow. */
  readonly firstMachine: number;
  /** More machines. Absent: none. */
  readonly population?: Population;
}

/** Machines beside the two of every drill. */
export interface Population {
  /** So many have leases all the time, and ask for them again in turn. */
  readonly holding: number;
  /** So many new ones are switched on together at each burst. */
  readonly arriving: number;
}
