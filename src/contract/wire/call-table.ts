import { type RouteSpec, ROUTES } from '../routes.ts';

/**
 * The text of the browser's table of calls, `id → "METHOD path"` (src/ui/live/call-table.ts): the schemas of the whole table would weigh more than the
 * browser's program.
 */
export function callTableText(): string {
  const rows = Object.entries(ROUTES)
    .map(([id, { method, path }]: [string, RouteSpec]) => {
      const name = /^\w+$/.test(id) ? id : `'${id}'`;
      return `  ${name}: '${method} ${path}',`;
    })
    .sort();
  return `/** Calls of API v1. \`npm run openapi\` writes this file from the table of calls (src/contract/routes.ts). */
export const CALLS = {
${rows.join('\n')}
} as const;
`;
}
