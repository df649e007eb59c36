import type { SignatureVector } from '@holdfast/core'
import type { VerifiableRequest } from '@holdfast/webhook-receiver'
import type { SeededRandom } from '../crash/seeded-random.ts'

type Pair = readonly [string, string]

const MAX_RANDOM_BYTES = 300
// What parsers trip over.
const splinters = [
  '',
  ' ',
  ',',
  ';',
  '=',
  '.',
  ':',
  '"',
  '\\',
  '/',
  '%',
  '&',
  '+',
  '|',
  '{',
  '}',
  '[',
  ']',
  '$&',
  '$$',
  "$'",
  '\0',
  '\r\n',
  '\uFEFF',
  '\u00ff',
  '\ud800',
  '€',
  'v1',
  'v1,',
  'v1=',
  't=',
  'sha256=',
  'Bearer ',
  'Basic ',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '1e999',
  '9007199254740993',
  '0x10',
  '0'.repeat(64),
  'A'.repeat(5_000),
  ' '.repeat(1_000),
  '['.repeat(1_000),
  '{"a":'.repeat(500),
]

/** Makes a request that is nearly right, or not at all: from a vector, with some things changed, or from nothing. */
export function strangeRequest(random: SeededRandom, vector: SignatureVector): VerifiableRequest {
  const original = Object.entries(vector.headers)
  const headers = random.chance(0.1) ? randomHeaders(random) : mutatedHeaders(random, original)
  return {
    headers,
    body: strangeBody(random, bodyOf(vector)),
    receivedAt: random.chance(0.1) ? strangeTime(random) : (vector.receivedAt ?? 0),
    method: random.chance(0.9) ? (vector.method ?? 'POST') : text(random),
    ...(vector.url === undefined && random.chance(0.9) ? {} : { url: strangeUrl(random, vector.url ?? '/') }),
  }
}

function strangeBody(random: SeededRandom, original: Uint8Array): Uint8Array {
  if (random.chance(0.1)) return randomBytes(random)
  return random.chance(0.003) ? nestedJson(random) : mutatedBytes(random, original)
}

/** JSON that is whole, and deeper than programs that follow it down can go. */
function nestedJson(random: SeededRandom): Uint8Array {
  const depth = below(random, 20_000)
  const [open, inner, close] = random.chance(0.5) ? ['[', '', ']'] : ['{"a":', '1', '}']
  return Buffer.from(open.repeat(depth) + inner + close.repeat(depth))
}

/** The bytes of a vector's body. */
export function bodyOf({ body, bodyBase64 }: SignatureVector): Uint8Array {
  return bodyBase64 === undefined ? Buffer.from(body ?? '') : Buffer.from(bodyBase64, 'base64')
}

function mutatedHeaders(random: SeededRandom, pairs: readonly Pair[]): readonly Pair[] {
  const result: Pair[] = [...pairs]
  for (let change = below(random, 3); change > 0; change--) {
    const at = below(random, result.length + 1)
    const [name, value] = result[at] ?? [text(random), text(random)]
    switch (below(random, 5)) {
      case 0:
        result.splice(at, 1)
        break
      case 1:
        result.splice(at, 0, [name, value])
        break
      case 2:
        result[at] = [name.toUpperCase(), mutatedText(random, value)]
        break
      case 3:
        result[at] = [name, text(random)]
        break
      default:
        result[at] = [name, mutatedText(random, value)]
    }
  }
  return result
}

function randomHeaders(random: SeededRandom): readonly Pair[] {
  return Array.from({ length: below(random, 6) }, () => [text(random), text(random)] as const)
}

function mutatedText(random: SeededRandom, original: string): string {
  const at = below(random, original.length + 1)
  const splinter = splinters[below(random, splinters.length)] ?? ''
  switch (below(random, 4)) {
    case 0:
      return original.slice(0, at) + splinter + original.slice(at)
    case 1:
      return original.slice(0, at)
    case 2:
      return original.slice(0, at) + splinter + original.slice(at + 1)
    default:
      return `${original}${splinter}${original}`
  }
}

function mutatedBytes(random: SeededRandom, original: Uint8Array): Uint8Array {
  const changed = Buffer.from(original)
  switch (below(random, 4)) {
    case 0:
      return changed
    case 1:
      if (changed.length > 0) changed[below(random, changed.length)] = below(random, 256)
      return changed
    case 2:
      return changed.subarray(0, below(random, changed.length + 1))
    default: {
      const at = below(random, changed.length + 1)
      const splinter = Buffer.from(splinters[below(random, splinters.length)] ?? '')
      return Buffer.concat([changed.subarray(0, at), splinter, changed.subarray(at)])
    }
  }
}

function randomBytes(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: below(random, MAX_RANDOM_BYTES) }, () => below(random, 256))
}

function text(random: SeededRandom): string {
  if (random.chance(0.5)) return splinters[below(random, splinters.length)] ?? ''
  return String.fromCharCode(
    ...Array.from({ length: below(random, 40) }, () => below(random, random.chance(0.9) ? 256 : 65_536)),
  )
}

function strangeUrl(random: SeededRandom, url: string): string {
  return random.chance(0.5) ? url : mutatedText(random, url)
}

function strangeTime(random: SeededRandom): number {
  const times = [0, -1, Number.NaN, Infinity, 2 ** 53, 1e300, 1.5]
  return times[below(random, times.length)] ?? 0
}

/** An integer from 0 on, below `bound`. */
export function below(random: SeededRandom, bound: number): number {
  return random.integer(0, bound - 1)
}
