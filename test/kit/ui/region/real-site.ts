import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, inject, onTestFailed } from 'vitest';
import type { Role } from '../../../../src/contract/base/role.ts';
import { SESSION_PATH, API_PREFIX } from '../../../../src/contract/base/wire/transport.ts';
import { readUiAssets } from '../../../../src/main/region/ui-assets.ts';
import type { CertificateAuthority } from '../../../../src/region/cluster/trust/port.ts';
import { SEALING_AUTHORITY } from '../../metadata.ts';
import { TestPostgres } from '../../postgres.ts';
import { startTestRegion, type TestRegion, type TestRegionOptions } from '../../region.ts';
import { goTo, type Look, type OpenPage, openPage } from '../browser.ts';
import type { useBrowser } from '../use-browser.ts';
import { type AgentChanges, report } from './agents.ts';
import { Way } from './way.ts';

/** Agents report so often: a node is silent after some seconds without. */
const REPORT_MS = 3000;

/** A certificate for browsers to trust. */
const AUTHORITY: CertificateAuthority = {
  ...SEALING_AUTHORITY,
  certificate: async () => ({ pem: '-----BEGIN CERTIFICATE-----\n', fingerprint: '0a1b'.repeat(16) }),
};

/** How a site begins. */
interface SiteOptions extends Pick<TestRegionOptions, 'askName' | 'images'> {
  /** Nothing is there but the node r1. */
  readonly isNew?: boolean;
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

  private constructor(pg: TestPostgres, region: TestRegion, way: Way, { isNew, hasTasks }: SiteOptions) {
    this.#pg = pg;
    this.region = region;
    this.way = way;
    this.#endTasks = hasTasks === true ? region.region.startTasks() : null;
    this.#agents = isNew === true ? null : setInterval(() => void this.report().catch(() => {}), REPORT_MS);
  }

  static async start(ui: { readonly folder: string }, options: SiteOptions = {}): Promise<RealSite> {
    const { place, database, keys } = inject('uiSite');
    const pg = TestPostgres.at(place);
    const region = await startTestRegion(pg, {
      connection: await pg.copyDatabase(options.isNew === true ? 'template' : database),
      ...(options.isNew === true ? {} : { keys }),
      ...(options.askName ? { askName: options.askName } : {}),
      ...(options.images ? { images: options.images } : {}),
      ca: AUTHORITY,
      api: { ui: await readUiAssets([ui.folder]), isPlainUi: true },
    });
    await region.api.listen({ host: '127.0.0.1', port: 0 });
    const way = await Way.open((region.api.server.address() as AddressInfo).port);
    const site = new RealSite(pg, region, way, options);
    if (options.isNew !== true) await site.report();
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
      headers: { 'content-type': 'application/json', origin: this.url },
      body: JSON.stringify({ apiKey: this.region.keys[role] }),
    });
    const [, token] = /regent=([0-9a-f]+)/.exec(response.headers.get('set-cookie') ?? '') ?? [];
    if (token === undefined) throw new Error(`no session: ${await response.text()}`);
    return token;
  }

  /** Opens a page in a browser profile of its own, logged in with this role. */
  async open(ui: ReturnType<typeof useBrowser>, look: Look & { readonly role?: Role } = {}): Promise<OpenPage> {
    return openPage(ui.browser, this.url, { ...look, cookie: await this.logIn(look.role) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agents !== null) clearInterval(this.#agents);
    await this.way[Symbol.asyncDispose]();
    await this.#endTasks?.();
    await this.region.close();
  }
}

/** The site of a file and a page of it that its tests lead from place to place. */
interface RealPlay {
  readonly site: RealSite;
  /** The page, led to a place. It complained of nothing yet, and the way is well. */
  page(path: string): Promise<OpenPage>;
}

/** Gives the tests of a file one site. Each makes what it changes, or what nobody else there looks at. */
export function useRealSite(ui: ReturnType<typeof useBrowser>, options: SiteOptions = {}): RealPlay {
  let site: RealSite | null = null;
  let open: OpenPage | null = null;
  const theSite = () => {
    if (site === null) throw new Error('the site is there before the first test');
    return site;
  };
  const endPage = async () => {
    await open?.[Symbol.asyncDispose]();
    open = null;
  };
  beforeAll(async () => {
    site = await RealSite.start(ui, options);
  });
  afterAll(async () => {
    await endPage();
    await site?.[Symbol.asyncDispose]();
  });
  return {
    get site() {
      return theSite();
    },
    async page(path) {
      // What a failed test left is not trusted.
      onTestFailed(endPage);
      theSite().way.reset();
      open ??= await theSite().open(ui, { path: '-' });
      await goTo(open.page, '-');
      theSite().way.reset();
      await goTo(open.page, path);
      open.complaints.length = 0;
      return open;
    },
  };
}
