import type { Problem } from '../../../contract/base/common.ts';

/** A read that takes longer makes the view old, ms. */
export const SLOW_MS = 1500;

/**
 * What a page knows of one object. `loading`: nothing yet. `shown`: the last answer of the site, which still answers.
 * `old`: the answer of `at`, and why none came since. `refused`: the site answers, but refuses this read. Times are the
 * browser's, in ms. Old data is never dropped because of its age, and never shown as current.
 */
export type View<T> =
  | { readonly kind: 'loading'; readonly since: number; readonly why: string }
  | { readonly kind: 'shown'; readonly data: T; readonly at: number }
  | { readonly kind: 'old'; readonly data: T; readonly at: number; readonly why: string }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** The view before the first answer. */
export const loading = (since: number): View<never> => ({ kind: 'loading', since, why: '' });

/** After an answer to a request that was sent at `at`: the data is as old as its request. */
export const answered = <T>(data: T, at: number): View<T> => ({ kind: 'shown', data, at });

/** After a read without an answer: the data is old. */
export function unanswered<T>(view: View<T>, why: string): View<T> {
  if (view.kind === 'shown' || view.kind === 'old') return { kind: 'old', data: view.data, at: view.at, why };
  return view.kind === 'loading' ? { ...view, why } : view;
}

/** After a refusal. An object that is gone, or that the caller may not read, is no longer shown. */
export const refusedView = (problem: Problem): View<never> => ({ kind: 'refused', problem });

/** The data of a view; null: there is none. */
export const dataOf = <T>(view: View<T>): T | null => (view.kind === 'shown' || view.kind === 'old' ? view.data : null);

/** The view of a part, or of something made of it. */
export function mapView<A, B>(view: View<A>, make: (data: A) => B): View<B> {
  return view.kind === 'shown' || view.kind === 'old' ? { ...view, data: make(view.data) } : view;
}
