/** The part of the partitions that falls to `owner`. Parts differ by one at most, and together they are all. */
export function fairShare(partitions: number, owners: readonly string[], owner: string): number {
  const all = [...new Set([...owners, owner])].toSorted()
  const rest = partitions % all.length
  return Math.floor(partitions / all.length) + (all.indexOf(owner) < rest ? 1 : 0)
}
