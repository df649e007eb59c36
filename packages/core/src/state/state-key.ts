/** A key out of parts, in such a way that different parts never make the same key. */
export function stateKey(...parts: readonly string[]): string {
  // Half of a surrogate pair cannot be encoded.
  return parts.map((part) => encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd'))).join(':')
}
