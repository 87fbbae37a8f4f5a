import { API_PREFIX } from '../../../contract/routes.ts';

/** A path of the table as Fastify's router takes it: `{name}` becomes `:name`. */
export const routerPath = (path: string): string => API_PREFIX + path.replace(/\{(\w+)\}/g, ':$1');
