/** Names of the parameters that are secrets in any power type. */
export const POWER_SECRET_NAMES: readonly string[] = ['k_g', 'power_pass', 'power_token'];
