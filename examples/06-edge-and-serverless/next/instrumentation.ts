/** Runs when the server starts: what is left from before is delivered without waiting for a webhook. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { inbox } = await import('./inbox.ts')
  await inbox()
}
