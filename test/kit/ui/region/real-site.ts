import type { AddressInfo } from 'node:net';
import type { Role } from '../../../../src/contract/base/role.ts';
import { SESSION_PATH, API_PREFIX } from '../../../../src/contract/base/wire/transport.ts';
import { readUiAssets } from '../../../../src/main/region/ui-assets.ts';
import { TestPostgres } from '../../postgres.ts';
import { startTestRegion, type TestRegion, type TestRegionOptions } from '../../region.ts';
import { type Look, type OpenPage, openPage } from '../browser.ts';
import type { BuiltSites } from './make-sites.ts';
import type { Browser } from 'playwright-core';
import { type AgentChanges, report } from './agents.ts';
import { AUTHORITY } from './seed.ts';
import { ILL } from './seed-ill.ts';
import { SCRIPTS } from './seed-machines.ts';
import { Way } from './way.ts';

/** Agents report so often: a node is silent after some seconds without. */
const REPORT_MS = 3000;

/** Browsers as they name themselves. */
const CHROMIUM =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** The user interface as it was built, and the sites that were filled. */
export interface BuiltUi {
  readonly folder: string;
  readonly sites: BuiltSites;
}

/** How a site begins. */
export interface SiteOptions extends Pick<TestRegionOptions, 'askName' | 'images'> {
  /** `new`: nothing is there but the node r1; `ill`: as `seed-ill.ts` leaves it; left out: all is well. */
  readonly kind?: 'new' | 'ill';
  /** Its tasks run: it publishes and goes on with jobs. */
  readonly hasTasks?: boolean;
}

/** A real region on a database of its own, filled by `seed.ts`, its agents, and the way that browsers go to it. */
export class RealSite implements AsyncDisposable {
  readonly region: TestRegion;
  readonly way: Way;
  readonly #pg: TestPostgres;
  readonly #agents: NodeJS.Timeout | null;
  readonly #endTasks: (() => Promise<void>) | null;
  /** What differs on nodes from all being well, from their next report on. */
  changes: Readonly<Record<string, AgentChanges>> = {};
  /** Nodes that say nothing from now on. */
  silent: readonly string[] = [];

  private constructor(pg: TestPostgres, region: TestRegion, way: Way, { kind, hasTasks }: SiteOptions) {
    this.#pg = pg;
    this.region = region;
    this.way = way;
    this.#endTasks = hasTasks === true ? region.region.startTasks() : null;
    if (kind === 'ill') ({ changes: this.changes, silent: this.silent } = ILL);
    this.#agents = kind === 'new' ? null : setInterval(() => void this.report().catch(() => {}), REPORT_MS);
  }

  static async start(ui: BuiltUi, options: SiteOptions = {}): Promise<RealSite> {
    const { place, databases, keys } = ui.sites;
    const pg = TestPostgres.at(place);
    const isNew = options.kind === 'new';
    const region = await startTestRegion(pg, {
      connection: await pg.copyDatabase(isNew ? 'template' : databases[options.kind === 'ill' ? 'ill' : 'well']),
      ...(isNew ? {} : { keys }),
      ...(options.askName ? { askName: options.askName } : {}),
      ...(options.images ? { images: options.images } : {}),
      ca: AUTHORITY,
      authority: () => ({ notAfter: '2040-01-01T00:00:00.000Z' }),
      machineScripts: SCRIPTS,
      api: { ui: await readUiAssets([ui.folder]), isPlainUi: true },
    });
    await region.api.listen({ host: '127.0.0.1', port: 0 });
    const way = await Way.open((region.api.server.address() as AddressInfo).port);
    const site = new RealSite(pg, region, way, options);
    if (!isNew) await site.report();
    return site;
  }

  get url(): string {
    return this.way.url;
  }

  get made() {
    return this.way.made;
  }

  /** Every agent reports now. */
  report(): Promise<void> {
    return report(this.region, this.changes, this.silent);
  }

  /** Somebody else calls the API; a refusal is a failed test. */
  async call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) {
    const answer = await this.region.call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.raw}`);
    return answer.body;
  }

  /** SQL on its database. */
  admin(text: string): Promise<unknown> {
    return this.#pg.admin(`set regent.operation = 'test'; ${text}`, this.region.connection.database);
  }

  /** The cookie of a new session. */
  async logIn(role: Role = 'admin'): Promise<string> {
    const response = await fetch(`${this.url}${API_PREFIX}${SESSION_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.url, 'user-agent': CHROMIUM },
      body: JSON.stringify({ apiKey: this.region.keys[role] }),
    });
    const [, token] = /regent=([0-9a-f]+)/.exec(response.headers.get('set-cookie') ?? '') ?? [];
    if (token === undefined) throw new Error(`no session: ${await response.text()}`);
    return token;
  }

  /** Opens a page in a browser profile of its own, logged in with this role. */
  async open(ui: { readonly browser: Browser }, look: Look & { readonly role?: Role } = {}): Promise<OpenPage> {
    return openPage(ui.browser, this.url, { ...look, cookie: await this.logIn(look.role) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agents !== null) clearInterval(this.#agents);
    await this.way[Symbol.asyncDispose]();
    await this.#endTasks?.();
    await this.region.close();
  }
}
