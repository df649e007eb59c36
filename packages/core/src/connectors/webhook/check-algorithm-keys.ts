import type { Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { checkKeySource } from './check-key-source.ts'
import { checkSecretFormat } from './check-signature-source.ts'

/** Checks that a scheme says where the keys of its algorithms come from, and of no others. */
export function checkAlgorithmKeys(
  path: string,
  { algorithms: own, key, secret }: Shape,
  kinds: Readonly<Record<string, 'shared' | 'public'>>,
): void {
  const named = (own as readonly string[]).map((algorithm) => kinds[algorithm])
  if (named.length === 0) throw refusal(`${path}.algorithms`, 'at least one', 'none')
  for (const [member, given, wanted] of [
    ['key', key, named.includes('public')],
    ['secret', secret, named.includes('shared')],
  ] as const) {
    if (wanted !== (given !== undefined))
      throw refusal(
        `${path}.${member}`,
        `${wanted ? 'present' : 'absent'} with these algorithms`,
        wanted ? 'absent' : 'a value',
      )
  }
  if (key !== undefined) checkKeySource(`${path}.key`, key)
  if (secret !== undefined) checkSecretFormat(`${path}.secret`, secret)
}
