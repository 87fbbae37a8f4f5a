/** A fingerprint as browsers show it: pairs in capitals with colons. */
export const fingerprintText = (hex: string): string => (hex.match(/../g) ?? []).join(':').toUpperCase();
