import Fastify from 'fastify';
import pg from 'pg';

/** The yardstick: the same row by the same query over bare Fastify and pg, without anything that Regent adds. */
const pool = new pg.Pool({ connectionString: process.env['BARE_DATABASE_URL'], max: 10 });
const app = Fastify();

app.get('/ready', async () => (await pool.query('select 1 as ok')).rows);
app.get('/domains/:name', async (request) => {
  const { name } = request.params as { name: string };
  return (await pool.query('select id, name, ttl, version from domains where name = $1', [name])).rows[0];
});

// Whole documents, ready made: less than this no list can do.
app.get('/documents', async () => {
  const { rows } = await pool.query<{ document: unknown }>('select document from bench_documents order by id');
  return rows.map(({ document }) => document);
});

process.on('SIGTERM', () => {
  void app.close().then(() => pool.end());
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['BARE_PORT']) });
