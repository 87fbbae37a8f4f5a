import { existsSync, readFileSync } from 'node:fs';
import { AppError, isRejected, type Rejected } from '../../core/errors.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster/cluster.ts';
import { type ConnectionSpec, parseDatabaseUrl, type ServerSpec } from '../../store/connection.ts';
import type { ProcessSettings } from '../process.ts';

/** Password of the database role `regent`, only for region processes. */
const PASSWORD_FILE = '/etc/regent/secrets/database.password';
/** The cluster's authority. */
const AUTHORITY_FILE = '/etc/regent/pki/ca.crt';

/**
 * Where the database is: `DATABASE_URL`, else the cluster's primary through the proxy of this host, whoever that is. Throws AppError
 * `configuration`.
 */
export function readDatabase(settings: Pick<ProcessSettings, 'get'>): ConnectionSpec {
  const url = settings.get('DATABASE_URL');
  if (url !== undefined) {
    const connection = parseDatabaseUrl(url);
    if (isRejected(connection)) throw new AppError('configuration', connection.message);
    return withAuthorities(connection);
  }
  if (!existsSync(PASSWORD_FILE)) {
    const todo =
      'regent init makes it the first one of a cluster, regent join - one more, DATABASE_URL names another database';
    throw new AppError('configuration', `This host is not a region node (${PASSWORD_FILE} is missing): ${todo}`);
  }
  return clusterDatabase(read(PASSWORD_FILE).trim(), read(AUTHORITY_FILE));
}

/** Reads the files that the URLs name as authorities. */
function withAuthorities({ others, ...first }: ConnectionSpec): ConnectionSpec {
  const known = (server: ServerSpec): ServerSpec =>
    server.caFile === undefined ? server : { ...server, ca: readAuthority(server.caFile) };
  return { ...known(first), ...(others === undefined ? {} : { others: others.map(known) }) };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const rule =
      'sslrootcert of DATABASE_URL names the authority of the database; the user regent must be able to read it';
    throw new AppError('configuration', `${path} cannot be read: ${rule}`, { cause: error });
  }
}

/** Do sessions with this server go over the network without being encrypted? */
export function isPlain({ host, tls }: ServerSpec): boolean {
  const isHere = host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
  return !isHere && (tls === undefined || tls === 'off');
}

/**
 * Reads a file with the URLs of an operator's own database, one or several, a line each or parted by commas. Gives them as `DATABASE_URL` has them.
 * Refuses what is no such URL, without showing it.
 */
export function parseDatabaseFile(text: string): string | Rejected {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const value = onOneLine(lines.filter((line) => !line.startsWith('#')).join(' '));
  const parsed = parseDatabaseUrl(value);
  return isRejected(parsed) ? parsed : value;
}

/** URLs as they may stand in `regent.conf` without quotes. */
export const onOneLine = (urls: string): string => urls.trim().replaceAll(/[\s,]+(?=postgres(?:ql)?:\/\/)/g, ',');

/** The primary through the proxy of this host. Every region node's certificate carries the requested name. */
export function clusterDatabase(password: string, ca: string): ConnectionSpec {
  return {
    host: '127.0.0.1',
    port: PORTS.databaseLocal,
    user: 'regent',
    database: 'regent',
    password,
    tls: 'verified',
    ca,
    servername: REGION_SERVER_NAME,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('configuration', `${path} cannot be read; "regent init" or "regent join" makes it`, {
      cause: error,
    });
  }
}
