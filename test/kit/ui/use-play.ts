import { afterAll, onTestFailed } from 'vitest';
import { goTo, type OpenPage, openPage } from './browser.ts';
import type { SiteData } from './site.ts';
import { StandIn } from './stand-in.ts';
import type { useBrowser } from './use-browser.ts';

/** A site and a page of it that the tests of a file share. */
export interface Play {
  /** The site, with other data and nothing of the test before. */
  site(data: SiteData): Promise<StandIn>;
  /** The page, led to a place of the site. It complained of nothing yet. */
  page(path: string): Promise<OpenPage>;
}

/**
 * Gives each test a site of its own, on a page that is led from place to place: loading it anew takes most of a short test's time. What another test left may
 * not be trusted after a failure, or where somebody else was logged in: then all is begun anew.
 */
export function usePlay(ui: ReturnType<typeof useBrowser>): Play {
  let site: StandIn | null = null;
  let open: OpenPage | null = null;
  let isSpoilt = false;
  const end = async () => {
    await open?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
    [site, open, isSpoilt] = [null, null, false];
  };
  afterAll(end);
  return {
    async site(data) {
      onTestFailed(() => {
        isSpoilt = true;
      });
      if (isSpoilt || site?.isUsual === false) await end();
      if (open !== null) await goTo(open.page, '-');
      site?.reset(data);
      site ??= await StandIn.start(data, ui.folder);
      return site;
    },
    async page(path) {
      if (site === null) throw new Error('a page is of a site: ask for that first');
      if (open !== null && !site.isUsual) await open.page.reload();
      open ??= await openPage(ui.browser, site.url, { path: '-' });
      await goTo(open.page, path);
      open.complaints.length = 0;
      return open;
    },
  };
}
