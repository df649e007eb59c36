import { readFileSync } from 'node:fs'
import { checkConnector } from '@holdfast/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { handshakeSample } from './handshake-sample.ts'
import { connectors } from './load-connectors.ts'
import { mutations } from './mutations.ts'

/** What only `checkConnector` knows: how members far from each other go together, and what examples show. */
const beyondTheSchema = [
  /to be an answer that `.*` matches/,
  /to be what the rule reads/,
  /to be a (?:rule|scheme) that can be reached/,
  /lacks a character of every signed message/,
  /because `respond` makes something of it/,
  /whose key it takes/,
]

const schema = JSON.parse(
  readFileSync(new URL(import.meta.resolve('@holdfast/core/connector.schema.json')), 'utf8'),
) as Record<string, unknown>

// Patterns say what the formats say.
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, validateFormats: false })
const validate = ajv.compile(schema)

test.each(connectors)('%s is what the schema says', (_name, connector) => {
  validate(connector)
  expect(validate.errors).toBeNull()
})

test('schema and check agree on whatever is changed of any connector', () => {
  const seen = new Set<string>()
  const disagreements: string[] = []
  for (const connector of [...connectors.map(([, connector]) => connector), handshakeSample]) {
    for (const { name, value } of mutations(connector)) {
      if (seen.has(name)) continue
      seen.add(name)
      const valid = validate(value)
      const refusal = refusalOf(value)
      if (valid === (refusal === undefined)) continue
      if (valid && beyondTheSchema.some((pattern) => pattern.test(refusal ?? ''))) continue
      disagreements.push(`${name}: ${refusal ?? ajv.errorsText(validate.errors)}`)
    }
  }
  expect(seen.size).toBeGreaterThan(1000)
  expect(disagreements).toEqual([])
})

function refusalOf(value: unknown): string | undefined {
  try {
    checkConnector(value)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
