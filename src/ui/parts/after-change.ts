import { createContext, type JSX } from 'preact';

/** Makes what a dialog shows after a change of the configuration, by the id of the change. The frame provides it: its program comes later. */
export const AfterChangeContext = createContext<(id: string) => JSX.Element | null>(() => null);
