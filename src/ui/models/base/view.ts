import type { Problem } from '../../../contract/base/common.ts';

/** How long an ask may be under way before what it asks for counts as old, ms. */
export const SLOW_MS = 1500;

/**
 * What a page knows of one thing. `loading`: nothing yet. `shown`: what the site said last, and it still answers. `old`: what it said at `at`, and why
 * nobody said anything since. `refused`: the site answers, and not with this. Times are the browser's, in ms. Old data is never dropped for
 * being old, and never shown as current.
 */
export type View<T> =
  | { readonly kind: 'loading'; readonly since: number; readonly why: string }
  | { readonly kind: 'shown'; readonly data: T; readonly at: number }
  | { readonly kind: 'old'; readonly data: T; readonly at: number; readonly why: string }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** The view of something that is asked for the first time. */
export const loading = (since: number): View<never> => ({ kind: 'loading', since, why: '' });

/** After an answer to what was asked at `at`: it is as old as its question. */
export const answered = <T>(data: T, at: number): View<T> => ({ kind: 'shown', data, at });

/** After no answer: what there was is old now. */
export function unanswered<T>(view: View<T>, why: string): View<T> {
  if (view.kind === 'shown' || view.kind === 'old') return { kind: 'old', data: view.data, at: view.at, why };
  return view.kind === 'loading' ? { ...view, why } : view;
}

/** After a refusal. An object that is gone, or that the caller may not see, is not shown any more. */
export const refusedView = (problem: Problem): View<never> => ({ kind: 'refused', problem });

/** What a page has to show; null: nothing. */
export function dataOf<T>(view: View<T>): T | null {
  return view.kind === 'shown' || view.kind === 'old' ? view.data : null;
}

/** The view of a part, or of something made of it. */
export function mapView<A, B>(view: View<A>, make: (data: A) => B): View<B> {
  return view.kind === 'shown' || view.kind === 'old' ? { ...view, data: make(view.data) } : view;
}
