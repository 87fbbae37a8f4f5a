/** So long before now, ISO 8601. */
export const before = (ms: number): string => new Date(Date.now() - ms).toISOString();
