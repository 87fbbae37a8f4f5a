import { type TestIdentity, testAuthority, testIdentity } from '../cluster/pki.ts';

/** A certificate as a BMC makes it: nobody whom others trust has signed it. */
export async function bmcCertificate(): Promise<TestIdentity> {
  return await testIdentity(await testAuthority('bmc'), { nodeId: 'bmc' });
}
