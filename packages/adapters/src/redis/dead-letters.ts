import type { DeadLetter } from '@holdfast/webhook-receiver'
import type { Script, ScriptArgument } from './script.ts'
import { groupedBy, type Partition, rowsOf } from './partition.ts'
import { deadIndexScript, readDeadScript } from './aside-scripts.ts'
import { letterOf } from './set-aside.ts'

// So many events are in memory at once.
const PAGE = 32

interface Place {
  readonly partition: number
  readonly seq: string
  readonly at: number
}

/** Dead letters of all partitions, oldest first, as they were when it began; those that are gone meanwhile are left out. */
export async function* readDeadLetters(
  partitions: readonly Partition[],
  ask: (partition: number, script: Script, args: readonly ScriptArgument[]) => Promise<unknown>,
): AsyncGenerator<DeadLetter> {
  const places = (await Promise.all(partitions.map(async ({ index }) => placesIn(index, ask)))).flat()
  // Stable, so that in a partition those of one moment keep the order of the log.
  places.sort((left, right) => left.at - right.at)
  for (let from = 0; from < places.length; from += PAGE) {
    const page = places.slice(from, from + PAGE)
    const letters = new Map<string, DeadLetter>()
    const byPartition = groupedBy(page, ({ partition }) => partition)
    const replies = Array.from(byPartition, async ([partition, among]) => {
      const seqs = among.map(({ seq }) => seq)
      const reply = (await ask(partition, readDeadScript, seqs)) as Buffer[]
      for (const row of rowsOf(reply, 4)) letters.set(`${partition}:${String(row[0])}`, letterOf(partition, row))
    })
    await Promise.all(replies)
    for (const { partition, seq } of page) {
      const letter = letters.get(`${partition}:${seq}`)
      if (letter !== undefined) yield letter
    }
  }
}

async function placesIn(
  partition: number,
  ask: (partition: number, script: Script, args: readonly ScriptArgument[]) => Promise<unknown>,
): Promise<Place[]> {
  const reply = (await ask(partition, deadIndexScript, [])) as Buffer[]
  return rowsOf(reply, 2)
    .map(([seq, at]) => ({ partition, seq: String(seq), at: Number(String(at)) }))
    .toSorted((left, right) => left.at - right.at || Number(left.seq) - Number(right.seq))
}
