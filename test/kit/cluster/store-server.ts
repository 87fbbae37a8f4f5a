import { join } from 'node:path';
import { ensureBase } from '../../../src/lab/base.ts';
import { hexFingerprint } from '../../../src/model/cluster/backup.ts';
import { DebianHost } from '../debian-root.ts';
import { until } from '../until.ts';

const PACKAGES = join(import.meta.dirname, '../../../scripts/packages.txt');
const ADDRESS = '10.9.0.2';
/** By its certificate. */
export const S3_HOST = 's3.eu-central-1.amazonaws.com';
export const S3_PORT = 9443;
/** Where SFTP writes. */
export const SFTP_PATH = '/data/regent';
/** moto lets in so many calls without a key: those that make the user, its right, its key and the bucket. */
const OPEN_CALLS = 4;

/** What a client of S3 needs. */
export interface S3Access {
  readonly accessKey: string;
  readonly secret: string;
  readonly authority: string;
}

/** What a client of SFTP needs. */
export interface SftpAccess {
  readonly secret: string;
  readonly fingerprint: string;
}

/** A host beside others that keeps backups, by Debian's own servers: sshd with sftp-server, and moto's S3. */
export class StoreServer implements AsyncDisposable {
  readonly host: DebianHost;
  readonly address = ADDRESS;

  private constructor(host: DebianHost) {
    this.host = host;
  }

  /** `client` reaches it at `address` and at `S3_HOST`. */
  static async open(client: DebianHost): Promise<StoreServer> {
    const server = new StoreServer(await DebianHost.open(await ensureBase(PACKAGES, () => undefined, 'stores')));
    await client.wire(server.host, '10.9.0.1/24', `${ADDRESS}/24`);
    for (const host of [client, server.host])
      host.write('/etc/hosts', `127.0.0.1 localhost\n${ADDRESS} ${S3_HOST} site-1.${S3_HOST}\n`);
    return server;
  }

  async #must(...argv: string[]): Promise<string> {
    const ran = await this.host.run(argv);
    if (ran.code !== 0) throw new Error(`${argv.join(' ')}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  }

  /** The user regent, a key for it, and sshd. `megabytes`: the size of the file system that it writes. */
  async startSftp(megabytes: number): Promise<SftpAccess> {
    // sshd lets nobody in whose account is locked, as it is without a password.
    await this.#must('useradd', '--create-home', '--password', '*', 'regent');
    await this.#must('mkdir', '-p', '/data', '/run/sshd', '/home/regent/.ssh');
    await this.#must('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', '/data');
    await this.#must('install', '-d', '-o', 'regent', '-g', 'regent', SFTP_PATH);
    await this.#must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/tmp/client');
    await this.#must('rm', '-f', '/etc/ssh/ssh_host_key');
    await this.#must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/etc/ssh/ssh_host_key');
    await this.#must('cp', '/tmp/client.pub', '/home/regent/.ssh/authorized_keys');
    await this.#must('chown', '-R', 'regent:', '/home/regent');
    this.host.write(
      '/etc/ssh/store',
      'HostKey /etc/ssh/ssh_host_key\nPasswordAuthentication no\nPerSourcePenalties no\nForceCommand internal-sftp\nSubsystem sftp internal-sftp\n',
    );
    await this.switchSftp(true);
    const [, fingerprint = ''] = (await this.#must('ssh-keygen', '-lf', '/etc/ssh/ssh_host_key.pub')).split(' ');
    return { secret: await this.#must('cat', '/tmp/client'), fingerprint: hexFingerprint(fingerprint) };
  }

  /** Starts sshd, or ends it with its connections. */
  async switchSftp(isOn: boolean): Promise<void> {
    if (!isOn) return void (await this.host.run(['pkill', 'sshd']));
    await this.#must('/usr/sbin/sshd', '-f', '/etc/ssh/store');
    await this.#answers(22);
  }

  async #answers(port: number): Promise<void> {
    await until(`port ${port} answers`, async () => {
      const ran = await this.host.run(['ss', '-Hltn', `sport = :${port}`]);
      return ran.stdout.includes(`:${port}`);
    });
  }

  /** S3 over TLS with a user, a key, and the bucket `site-1`. Each signature is checked. */
  async startS3(): Promise<S3Access> {
    const names = `DNS:${S3_HOST},DNS:*.${S3_HOST},IP:${ADDRESS}`;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const subject = ['-subj', `/CN=${S3_HOST}`, '-addext', `subjectAltName=${names}`];
    await this.#must('openssl', 'req', '-x509', ...curve, ...subject, '-keyout', '/tmp/s3.key', '-out', '/tmp/s3.crt');
    this.host.write('/srv/s3.py', RUN_S3);
    const serve = ['gunicorn', '--chdir', '/srv', '--threads', '8', '--bind', `0.0.0.0:${S3_PORT}`];
    const environment = ['env', `INITIAL_NO_AUTH_ACTION_COUNT=${OPEN_CALLS}`];
    const pair = ['--certfile', '/tmp/s3.crt', '--keyfile', '/tmp/s3.key'];
    const moto = this.host.start([...environment, ...serve, ...pair, 's3:app']);
    moto.stdout?.resume();
    moto.stderr?.resume();
    await until('S3 listens', async () => (await this.host.run(['ss', '-Hltn'])).stdout.includes(`:${S3_PORT}`), {
      deadlineMs: 60_000,
    });
    return JSON.parse(await this.#must('python3', '-c', SET_UP_S3)) as S3Access;
  }

  /** The cable, pulled or plugged in. */
  async plug(isIn: boolean): Promise<void> {
    await this.#must('ip', 'link', 'set', 'w0', isIn ? 'up' : 'down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}

/** moto 5.1.1 compares a signature with that of a query whose "/" is no longer escaped: each listing of a folder would be refused. */
const RUN_S3 = `
from urllib.parse import quote, unquote
from moto.iam.access_control import IAMRequestBase
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
made = IAMRequestBase._create_aws_request
def escaped(self):
    path, _, query = self._path.partition('?')
    pairs = [[quote(unquote(part), safe='-_.~') for part in one.partition('=')[::2]] for one in query.split('&') if one]
    self._path = path + ('?' + '&'.join('='.join(pair) for pair in pairs) if pairs else '')
    return made(self)
IAMRequestBase._create_aws_request = escaped
app = DomainDispatcherApplication(create_backend_app)
`;

const SET_UP_S3 = `
import boto3, json
kept = dict(endpoint_url='https://${S3_HOST}:${S3_PORT}', verify='/tmp/s3.crt', region_name='eu-central-1',
            aws_access_key_id='none', aws_secret_access_key='none')
iam = boto3.client('iam', **kept)
iam.create_user(UserName='regent')
iam.put_user_policy(UserName='regent', PolicyName='all', PolicyDocument=json.dumps(
    {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}]}))
key = iam.create_access_key(UserName='regent')['AccessKey']
boto3.client('s3', **kept).create_bucket(Bucket='site-1', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})
print(json.dumps({'accessKey': key['AccessKeyId'], 'secret': key['SecretAccessKey'], 'authority': open('/tmp/s3.crt').read()}))
`;
