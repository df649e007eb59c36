import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJsonPointer, readPointer } from '../../src/connectors/json-pointer.ts'

const key = fc.oneof(fc.string(), fc.constantFrom('', '~', '/', '~1', '~01', '0', '__proto__', 'constructor', 'length'))
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue({ maxDepth: 0 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
}))

function escaped(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Every place in a value, with its pointer. */
function* places(node: unknown, pointer = ''): Generator<readonly [string, unknown]> {
  yield [pointer, node]
  if (typeof node !== 'object' || node === null) return
  for (const [segment, child] of Object.entries(node)) yield* places(child, `${pointer}/${escaped(segment)}`)
}

describe('readPointer', () => {
  it('finds every place of a JSON value', () => {
    fc.assert(
      fc.property(value, (root) => {
        for (const [pointer, node] of places(root)) {
          expect(isJsonPointer(pointer)).toBe(true)
          expect(readPointer(root, pointer)).toBe(node)
        }
      }),
    )
  })

  it('finds nothing else, whatever the pointer', () => {
    const pointer = fc.oneof(
      fc.string(),
      fc.array(key).map((segments) => segments.map((text) => `/${text}`).join('')),
    )
    fc.assert(
      fc.property(value, pointer, (root, text) => {
        const known = new Map(places(root))
        // A key may be written with `~` unescaped only where it means nothing.
        const canonical = isJsonPointer(text) ? text : undefined
        expect(readPointer(root, text)).toBe(canonical === undefined ? undefined : known.get(canonical))
      }),
      { numRuns: 1_000 },
    )
  })
})
