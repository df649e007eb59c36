import { fingerprintOf, type Fingerprint } from '../../../src/disk/dedupe/fingerprint.ts'

export const KEY = '0123456789abcdef0123456789abcdef'

/** The fingerprint of a number's id. */
export function idOf(number: number): Fingerprint {
  return fingerprintOf(KEY, `evt_${number}`)
}
