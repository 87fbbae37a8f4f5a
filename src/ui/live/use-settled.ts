import { useEffect, useState } from 'preact/hooks';

/** The site gets a request after so long without typing, ms. */
const QUIET_MS = 200;

/** A typed text, once typing pauses: the site does not get a request for each letter. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
