import type { JSX, TargetedSubmitEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../contract/base/common.ts';
import type { Authority } from '../../contract/people/session.ts';
import { useLive } from '../live/live.ts';
import type { Credentials } from '../live/session.ts';
import { fingerprintText } from '../models/cluster/authority.ts';
import { fieldProblem } from '../models/base/change.ts';
import { Refusal } from '../parts/page.tsx';
import { EN } from '../texts/en.ts';
import { ConnectionBadge } from './badge.tsx';

const TEXTS = EN.login;

/** The login, alone or over a page whose session has ended: what was typed there stays. */
export function Login({ hasEnded }: { readonly hasEnded: boolean }): JSX.Element {
  const { session, isUntrusted } = useLive();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const raw = (name: string) => {
      const value = fields.get(name);
      return typeof value === 'string' ? value : '';
    };
    const text = (name: string) => raw(name).trim();
    const wall = fields.has('isWall') ? ({ isWall: true } as const) : {};
    // Without a name the secret is an API key.
    const credentials: Credentials =
      text('user') === ''
        ? { kind: 'key', apiKey: text('password'), ...wall }
        : { kind: 'password', user: text('user'), password: raw('password'), ...wall };
    setBusy(true);
    setProblem(null);
    void session.login(credentials).then((refusal) => {
      setBusy(false);
      setProblem(refusal);
    });
  };
  return (
    <main class="login">
      <h1>
        {EN.product} <ConnectionBadge />
      </h1>
      {hasEnded && <p class="waiting">{TEXTS.ended}</p>}
      <form onSubmit={submit} aria-label={TEXTS.title}>
        <Field name="user" label={TEXTS.user} type="text" autocomplete="username" problem={problem} isOptional>
          {TEXTS.userHelp}
        </Field>
        <Field name="password" label={TEXTS.password} type="password" autocomplete="current-password" problem={problem}>
          {TEXTS.keyHelp}
        </Field>
        <label class="check">
          <input type="checkbox" name="isWall" />
          {TEXTS.wall}
        </label>
        {problem && <Refusal problem={problem} />}
        <footer>
          <button type="submit" class="main" disabled={isBusy}>
            {isBusy ? TEXTS.busy : TEXTS.submit}
          </button>
        </footer>
      </form>
      {isUntrusted.value && (
        <p class="waiting" role="status">
          {TEXTS.untrusted}
        </p>
      )}
      <TrustNote />
    </main>
  );
}

/** How to make a browser trust this site: without trust all its calls fail when another node takes over. */
export function TrustNote(): JSX.Element | null {
  const { session, isUntrusted } = useLive();
  const [authority, setAuthority] = useState<Authority | null>(null);
  useEffect(() => {
    let isThere = true;
    void session.authority().then((found) => {
      if (isThere) setAuthority(found);
    });
    return () => {
      isThere = false;
    };
  }, []);
  if (authority === null) return null;
  return (
    <details class="trust" open={isUntrusted.value}>
      <summary>{TEXTS.trust}</summary>
      <p>{TEXTS.trustText}</p>
      <p>
        <a href="ca.crt" download="regent-ca.crt">
          {TEXTS.trustFile}
        </a>
      </p>
      <p>
        {TEXTS.trustFingerprint} <code>{fingerprintText(authority.fingerprint)}</code>
      </p>
    </details>
  );
}

function Field(props: {
  readonly name: string;
  readonly label: string;
  readonly type: 'text' | 'password';
  readonly autocomplete: string;
  readonly problem: Problem | null;
  readonly isOptional?: boolean;
  readonly children?: string;
}): JSX.Element {
  const wrong =
    fieldProblem(props.problem, props.name) ??
    (props.name === 'password' ? fieldProblem(props.problem, 'apiKey') : null);
  const noteId = `${props.name}-note`;
  const shared = {
    name: props.name,
    autocomplete: props.autocomplete,
    required: props.isOptional !== true,
    spellcheck: false,
    'aria-invalid': wrong !== null,
    'aria-describedby': noteId,
  };
  return (
    <div class="field">
      <label class="field">
        <span>{props.label}</span>
        {props.type === 'text' ? <input {...shared} type="text" /> : <input {...shared} type="password" />}
      </label>
      <span id={noteId} class={wrong === null ? 'faint' : 'wrong'}>
        {wrong ?? props.children ?? ''}
      </span>
    </div>
  );
}
