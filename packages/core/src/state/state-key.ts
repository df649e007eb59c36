/** A key out of parts, in such a way that different parts never make the same key. */
export function stateKey(...parts: readonly string[]): string {
  // Half of a surrogate pair cannot be encoded.
  return parts.map((part) => encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd'))).join(':')
}

/** Stands for a text in a key without telling it: 64 bits, as hexadecimal digits (two runs of FNV-1a). */
export function stateHash(text: string): string {
  return [0x811c9dc5, 0x1b873593].map((seed) => fnv1a(text, seed).toString(16).padStart(8, '0')).join('')
}

function fnv1a(text: string, seed: number): number {
  let hash = seed
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
