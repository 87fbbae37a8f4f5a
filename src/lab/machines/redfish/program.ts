import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BmcLogin } from '../config.ts';
import { type Chassis, redfishService } from './service.ts';

/** The BMC of one machine inside the machines' host: `program.ts NAME`, in the folder of its BMC. */

const PORT = 443;
const CHASSIS_MS = 10_000;
const CHASSIS = join(import.meta.dirname, '..', 'inside', 'chassis.sh');

const [name = ''] = process.argv.slice(2);
const access: BmcLogin = JSON.parse(readFileSync('access.json', 'utf8'));

async function ask(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(CHASSIS, [name, '0x20', ...args], { timeout: CHASSIS_MS });
  return stdout.trim();
}

const chassis: Chassis = {
  isOn: async () => (await ask('get', 'power')) === 'power:1',
  boot: async () => (await ask('get', 'boot')).replace(/^boot:/, ''),
  set: async (what, value) => {
    await ask('set', what, value);
  },
};

redfishService({
  certificate: readFileSync('cert.pem', 'utf8'),
  key: readFileSync('key.pem', 'utf8'),
  user: access.power_user,
  password: access.power_pass,
  system: name,
  chassis,
}).listen(PORT, access.power_address);
