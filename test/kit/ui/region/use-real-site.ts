import { afterAll, beforeAll, onTestFailed } from 'vitest';
import { goTo, type OpenPage } from '../browser.ts';
import type { useBrowser } from '../use-browser.ts';
import { RealSite, type SiteOptions } from './real-site.ts';

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
