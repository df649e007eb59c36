/** How an idempotency key is written: as it is, or as a String of RFC 9651, in quotes. */
export type IdempotencyKeyFormat = 'raw' | 'structured'

export const idempotencyKeyFormats: readonly IdempotencyKeyFormat[] = ['raw', 'structured']

/** The methods for which a provider may take a key: those that change something. */
export const keyedMethods: readonly string[] = ['POST', 'PATCH', 'PUT', 'DELETE']
