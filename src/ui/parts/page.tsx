import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Problem } from '../../contract/base/common.ts';
import { clockTime } from '../models/base/time.ts';
import { dataOf, type View } from '../models/base/view.ts';
import { EN } from '../texts/en.ts';
import { CliLines } from './copy.tsx';
import { Icon, State } from './icon.tsx';

/** A page: its title, its parts, and its CLI commands. */
export function Page(props: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly cli: readonly string[];
  readonly children: ComponentChildren;
}): JSX.Element {
  useEffect(() => {
    document.title = `${props.title} · ${EN.product}`;
  }, [props.title]);
  return (
    <div class="page">
      <header class="page-head">
        <h1 tabIndex={-1}>{props.title}</h1>
        <div class="actions">{props.actions}</div>
      </header>
      {props.children}
      <CliLines lines={props.cli} />
    </div>
  );
}

/**
 * Shows a view. Nothing yet: a skeleton, after a moment. Old: greyed, with its time. Refused: the site's problem text.
 */
export function Shown<T>(props: {
  readonly view: View<T>;
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  const { view } = props;
  if (view.kind === 'refused') return <Refusal problem={view.problem} />;
  if (view.kind === 'loading') return <Waiting isSlow={view.why !== ''} />;
  const isOld = view.kind === 'old';
  return (
    <div class={isOld ? 'shown old' : 'shown'} data-view={view.kind}>
      {isOld && (
        <p class="old-note" role="status">
          <Icon name="busy" />
          {EN.old(clockTime(view.at))}
        </p>
      )}
      {props.children(view.data)}
    </div>
  );
}

/** Shown after a moment while something loads. */
export function Waiting({ isSlow }: { readonly isSlow?: boolean }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span>{isSlow ? EN.slow : EN.loading}</span>
    </div>
  );
}

/**
 * A value of a row that comes a moment after its row: until then it is not shown as none. `children` gets null if the
 * site refuses it.
 */
export function Pending<T>(props: {
  readonly view: View<T>;
  readonly children: (data: T | null) => ComponentChildren;
}): JSX.Element {
  return <>{props.view.kind === 'loading' ? <Placeholder /> : props.children(dataOf(props.view))}</>;
}

/** The placeholder of a value that is being loaded. */
export function Placeholder(): JSX.Element {
  return <span class="skeleton inline">…</span>;
}

/** A refusal: what, why, the rule, and the id by which one finds it in the logs. */
export function Refusal({ problem }: { readonly problem: Problem }): JSX.Element {
  return (
    <div class="refusal" role="alert">
      <p>
        <strong>{EN.refused(problem.code)}</strong>
      </p>
      <p>{problem.detail}</p>
      {problem.fields !== undefined && problem.fields.length > 1 && (
        <ul class="findings">
          {problem.fields.map(({ field, problem: what }) => (
            <li key={`${field} ${what}`}>
              <State tone="bad" label={field} /> {what}
            </li>
          ))}
        </ul>
      )}
      {problem.requestId !== '' && <p class="faint">{EN.requestId(problem.requestId)}</p>}
    </div>
  );
}

/** An empty list, and what to do next. */
export function Empty(props: { readonly text: string; readonly next?: string }): JSX.Element {
  return (
    <div class="empty">
      <p>{props.text}</p>
      {props.next !== undefined && <p class="faint">{props.next}</p>}
    </div>
  );
}

/** A part of a page under a heading. */
export function Section(props: {
  readonly title: string;
  readonly note?: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="section">
      <h2>{props.title}</h2>
      {props.note !== undefined && <p class="faint">{props.note}</p>}
      {props.children}
    </section>
  );
}

/** Names and what they are. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
