import { bodyStatements } from './body-statements.ts'
import { fetchedKeyStatements } from './fetched-key-statements.ts'
import { otherStatements } from './other-statements.ts'
import type { Statement } from './statement.ts'
import { timedStatements } from './timed-statements.ts'
import { tokenStatements } from './token-statements.ts'
import { urlAndFormStatements } from './url-and-form-statements.ts'

/** Every statement, with the name that tests give it. */
export const statements: readonly (Statement & { readonly name: string })[] = [
  ...bodyStatements,
  ...timedStatements,
  ...urlAndFormStatements,
  ...otherStatements,
  ...tokenStatements,
  ...fetchedKeyStatements,
].map((statement) => ({
  ...statement,
  name: statement.variant === undefined ? statement.connector : `${statement.connector}, ${statement.variant}`,
}))
