import { useEffect, useState } from 'preact/hooks';

/** So long nothing is typed before the site is asked, ms. */
const QUIET_MS = 200;

/** A text that is typed, once it rests: the site is not asked for each letter. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
