/**
 * Lets go of what a callback returned that must not be async. It is refused for that; a rejection that nobody handles would end the process besides.
 */
export function ignoreRejection(returned: unknown): void {
  Promise.resolve(returned).catch(() => {})
}
