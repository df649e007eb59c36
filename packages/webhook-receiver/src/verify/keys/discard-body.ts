/** Says that nobody wants the body of an answer. Not awaited: the stream of a clone ends only with that of its original. */
export function discardBody({ body }: Response): void {
  body?.cancel().catch(() => undefined)
}
