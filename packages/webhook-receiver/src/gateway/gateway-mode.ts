/**
 * What a gateway does with a request. The mode follows from two facts and from nothing else:
 *
 * - `buffer`: the target is not healthy. Requests are stored and answered; nothing is sent to the target but probes.
 * - `drain`: the target is healthy and stored requests wait for it. They are delivered in order at the set rate. A new request passes
 *   straight through when none with its ordering key waits, and is stored behind them when one does.
 * - `proxy`: the target is healthy and nothing waits. Requests pass straight through; one that the target fails is stored, which is `drain`.
 *
 * So `drain` is left for `proxy` only when the last stored request is done, and nothing can overtake one with its key.
 */
export type GatewayMode = 'proxy' | 'buffer' | 'drain'

/** The mode that the facts make. */
export function gatewayMode(healthy: boolean, backlog: number): GatewayMode {
  if (!healthy) return 'buffer'
  return backlog === 0 ? 'proxy' : 'drain'
}
