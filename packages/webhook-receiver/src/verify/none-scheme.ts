import type { NoneScheme } from '@holdfast/core'
import type { SchemeKind } from './scheme.ts'

/** No proof at all, for providers that give none. */
export const noneScheme: SchemeKind<NoneScheme> = {
  secretForm: () => undefined,
  compile: (_scheme, _secrets, { eventId }) => ({
    verify: () => ({
      ok: true,
      scheme: 'none',
      bound: [],
      strength: 'none',
      keyIndex: -1,
      ...(eventId === undefined ? undefined : { eventId }),
    }),
  }),
}
