import { errorCodes } from '../errors/codes.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import {
  arrayOf,
  type Check,
  checkOptions,
  integer,
  nonEmptyString,
  number,
  oneOf,
  plainObject,
} from '../options/check.ts'
import type { CircuitSnapshot, FetchSnapshot } from './fetch-snapshot.ts'

const circuitChecks: Readonly<Record<keyof CircuitSnapshot, Check>> = {
  group: nonEmptyString,
  state: oneOf('closed', 'open', 'half_open', 'isolated'),
  openUntil: number(),
  reopened: integer({ min: 0 }),
  reason: oneOf('failures', 'slow_calls'),
  code: (code) => (typeof code === 'string' && Object.hasOwn(errorCodes, code) ? undefined : 'an error code'),
}

/**
 * Checks what is read of a snapshot; it may come from a file.
 *
 * @throws InvalidOptionsError when it is not one, or is that of another connector or connection.
 */
export function checkSnapshot(
  snapshot: FetchSnapshot,
  integration: string | undefined,
  connection: string | undefined,
): FetchSnapshot {
  expect('restore', snapshot, plainObject)
  expect('restore.integration', snapshot.integration, sameAs(integration))
  expect('restore.connection', snapshot.connection, sameAs(connection))
  expect('restore.hosts', snapshot.hosts, arrayOf(plainObject))
  for (const [index, { host, circuits }] of snapshot.hosts.entries()) {
    expect(`restore.hosts[${index}].host`, host, nonEmptyString)
    if (circuits === undefined) continue
    expect(`restore.hosts[${index}].circuits`, circuits, arrayOf(plainObject))
    for (const [nth, circuit] of circuits.entries()) {
      const path = `restore.hosts[${index}].circuits[${nth}]`
      checkOptions(path, circuit, circuitChecks)
      expect(`${path}.state`, circuit.state, (state) => (state === undefined ? 'given' : undefined))
    }
  }
  return snapshot
}

function expect(path: string, value: unknown, check: Check): void {
  const expected = check(value)
  if (expected !== undefined) throw new InvalidOptionsError({ path, expected, received: value })
}

function sameAs(own: string | undefined): Check {
  return (value) => {
    if (value === own) return undefined
    return own === undefined ? 'absent, as it is here' : `'${own}', as it is here`
  }
}
