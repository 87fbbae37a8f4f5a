import { useEffect, useState } from 'preact/hooks';

/** Light, dark, or as the system is. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORED = 'regent-theme';

/** The chosen theme; this browser remembers it. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(
    () => THEMES.find((name) => name === localStorage.getItem(STORED)) ?? 'system',
  );
  useEffect(() => {
    localStorage.setItem(STORED, theme);
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  return [theme, setTheme];
}
