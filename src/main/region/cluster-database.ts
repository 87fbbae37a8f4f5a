import { existsSync, readFileSync } from 'node:fs';
import { AppError, isRejected } from '../../core/errors.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster.ts';
import { type ConnectionSpec, parseDatabaseUrl } from '../../store/connection.ts';
import type { Settings } from '../process.ts';

/** Password of the database role `regent`, for region processes alone. */
const PASSWORD_FILE = '/etc/regent/secrets/database.password';
/** The cluster's authority. */
const AUTHORITY_FILE = '/etc/regent/pki/ca.crt';

/**
 * Where the database is: `DATABASE_URL`, else the cluster's primary through the proxy of this host, whoever that is. Throws AppError
 * `configuration`.
 */
export function readDatabase(settings: Pick<Settings, 'get'>): ConnectionSpec {
  const url = settings.get('DATABASE_URL');
  if (url !== undefined) {
    const connection = parseDatabaseUrl(url);
    if (isRejected(connection)) throw new AppError('configuration', connection.message);
    return connection;
  }
  if (!existsSync(PASSWORD_FILE)) {
    const todo =
      'regent init makes it the first one of a cluster, regent join TOKEN one more, DATABASE_URL names another database';
    throw new AppError('configuration', `This host is no region node (${PASSWORD_FILE} is missing): ${todo}`);
  }
  return clusterDatabase(read(PASSWORD_FILE).trim(), read(AUTHORITY_FILE));
}

/** The primary through the proxy of this host. Every region node's certificate carries the name that is asked for. */
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
