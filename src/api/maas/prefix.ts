/** Path of the API on every region node. */
export const MAAS_PREFIX = '/MAAS/api/2.0';
