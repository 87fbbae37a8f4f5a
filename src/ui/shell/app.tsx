import type { ComponentChildren, JSX, TargetedMouseEvent } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLive } from '../live/live.ts';
import { usePlaces } from '../live/place.ts';
import { useLaterForm } from '../live/use-later.ts';
import { useMay } from '../live/use-may.ts';
import { linkTo } from '../models/base/address.ts';
import { Button } from '../parts/button.tsx';
import { AfterChangeContext } from '../parts/after-change.ts';
import { FormContext } from '../parts/form.tsx';
import { Later, NotFound } from '../parts/later.tsx';
import { screenOf } from '../routes.tsx';
import { EN } from '../texts/en.ts';
import { ConnectionBadge } from './badge.tsx';
import { Help } from './help.tsx';
import { JobBar } from './job-bar.tsx';
import { useKeys } from './keys.ts';
import { Login, TrustNote } from './login.tsx';
import { Menu } from './menu.tsx';
import { SiteSearch } from './site-search.tsx';
import { type Theme, THEMES, useTheme } from './theme.ts';

/** The user interface: the login, or the frame with a page in it. */
export function App(): JSX.Element {
  const { session } = useLive();
  const state = session.state.value;
  // A page whose session has ended stays below the login, with all that was typed into it. It belongs to its user:
  // another user gets a new frame.
  const owner = useRef('');
  if (state.kind === 'in') owner.current = state.user;
  else if (state.kind === 'out' && !state.hasEnded) owner.current = '';
  if (state.kind === 'unknown' && owner.current === '') return <Connecting why={state.why} />;
  return (
    <>
      {state.kind === 'out' && <Login hasEnded={state.hasEnded} />}
      {owner.current !== '' && (
        <div hidden={state.kind !== 'in'}>
          <WithForm>
            <Frame key={owner.current} />
          </WithForm>
        </div>
      )}
    </>
  );
}

/** Shown until the site has answered who uses this browser. */
function Connecting({ why }: { readonly why: string }): JSX.Element {
  return (
    <main class="login">
      <h1>
        {EN.product} <ConnectionBadge />
      </h1>
      <p role="status">{why === '' ? EN.loading : EN.login.waiting}</p>
    </main>
  );
}

/** Gives dialogs the program of a form once it is loaded. */
function WithForm({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <FormContext.Provider value={useLaterForm()}>{children}</FormContext.Provider>;
}

function Frame(): JSX.Element {
  const places = usePlaces();
  const may = useMay();
  const keys = useKeys(places);
  const place = places.place.value;
  const path = linkTo(place.path);
  // A change of filter or sort does not change the page: components that read them render again, and nothing else.
  const found = useMemo(() => screenOf(place), [path]);
  const isFirst = useRef(true);
  // Before the page is drawn: the first letter that is typed on it is not lost.
  useLayoutEffect(() => {
    // The focus makes a screen reader read the title of the new page; it reads the first page by itself. The search
    // page gets the focus in its input.
    const begin =
      document.querySelector<HTMLElement>('main [data-site-search]') ?? document.querySelector<HTMLElement>('main h1');
    if (!isFirst.current) begin?.focus();
    isFirst.current = false;
  }, [path]);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={focusMain}>
        {EN.skip}
      </a>
      <TopBar onHelp={() => keys.setHelpOpen(true)} />
      <Menu at={found?.screen} path={path} />
      <div class="bars">
        <UntrustedBar />
        <NewerBar />
        {may.watch && <JobBar />}
      </div>
      <main id="main" tabIndex={-1}>
        <AfterChangeContext.Provider value={afterChange}>{found?.page ?? <NotFound />}</AfterChangeContext.Provider>
      </main>
      {keys.isHelpOpen && <Help keys={keys} />}
    </div>
  );
}

const afterChange = (id: string): JSX.Element => <Later id="afterChange" rest={[id]} />;

/** The address belongs to the pages: a link to a part of one would leave it. */
function focusMain(event: TargetedMouseEvent<HTMLElement>): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

function TopBar({ onHelp }: { readonly onHelp: () => void }): JSX.Element {
  const { session } = useLive();
  const [theme, setTheme] = useTheme();
  const [stayed, setStayed] = useState<string | null>(null);
  const state = session.state.value;
  return (
    <header class="top">
      <a class="brand" href={linkTo(['overview'])}>
        {EN.product}
      </a>
      <ConnectionBadge />
      <SiteSearch />
      <Tools>
        <button type="button" class="quiet wide" onClick={onHelp} aria-label={EN.keys.title}>
          ?
        </button>
        <label>
          <span class="hidden">{EN.theme}</span>
          <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {EN.themes[name]}
              </option>
            ))}
          </select>
        </label>
        {state.kind === 'in' && (
          <span class="wide">{EN.asWho(state.user, state.isReadOnly ? EN.readOnly : state.role)}</span>
        )}
        {stayed !== null && <span role="alert">{EN.stillIn(stayed)}</span>}
        <Button onClick={() => void session.logout().then(setStayed)}>{EN.logout}</Button>
      </Tools>
    </header>
  );
}

/** The worker's calls fail, and the page's own do not: the exception for the certificate is the page's only. */
function UntrustedBar(): JSX.Element | null {
  const { isUntrusted } = useLive();
  if (!isUntrusted.value) return null;
  return (
    <div class="bar" role="status">
      <span>{EN.login.untrusted}</span>
      <TrustNote />
    </div>
  );
}

/** The page never reloads itself, because the user may be in the middle of something. */
function NewerBar(): JSX.Element | null {
  const { isNewer } = useLive();
  if (!isNewer.value) return null;
  return (
    <p class="bar" role="status">
      {EN.newer} <Button onClick={() => location.reload()}>{EN.reload}</Button>
    </p>
  );
}

function Tools({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <div class="tools">{children}</div>;
}
