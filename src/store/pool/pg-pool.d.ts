/** pg's pool as a package of its own: pg's types have it as `Pool`. */
declare module 'pg-pool' {
  import type { Pool } from 'pg';

  const PgPool: typeof Pool;
  export default PgPool;
}
