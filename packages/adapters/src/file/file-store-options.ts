import { type Check, checkOptions, InvalidOptionsError, nonEmptyString } from '@holdfast/core'

/** Where a store on disk is. */
export interface FileStoreOptions {
  /**
   * Where its file is kept; made if it is missing, for this user only. On a local disk: SQLite's locks and shared memory cannot be depended on elsewhere. Every
   * process that names the same directory shares what is in it.
   */
  readonly directory: string
}

/**
 * Checks the options of a store.
 *
 * @throws InvalidOptionsError for an option that is unknown, missing or wrong.
 */
export function checkStoreOptions(options: FileStoreOptions, others: Readonly<Record<string, Check>> = {}): void {
  checkOptions('', options, { directory: nonEmptyString, ...others })
  if (options.directory === undefined)
    throw new InvalidOptionsError({ path: 'directory', expected: 'a non-empty string', received: undefined })
}
