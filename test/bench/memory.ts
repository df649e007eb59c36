import { memorySubjects } from './memory-subjects.ts'
import { besideBar, type Section } from './report.ts'
import { nextMessage, startModule } from './server-process.ts'

const BAR_BYTES = 2_048

/** What does an idle breaker or bucket keep? */
export async function memoryPerKey(quick: boolean): Promise<Section> {
  const keys = quick ? 1_000 : 10_000
  const child = startModule('./memory-process.ts', [String(keys)], ['--expose-gc'])
  const retained = await nextMessage<Readonly<Record<string, number>>>(child)
  const bytesOf = (name: string): number => retained[name] ?? Number.NaN
  const results = memorySubjects.map(({ name, without }) => ({
    name,
    isBare: without !== undefined,
    bytes: bytesOf(name) - (without === undefined ? 0 : bytesOf(without)),
  }))
  return {
    title: 'Memory of an idle key',
    method: [
      `${keys.toLocaleString('en-US')} keys of each subject, one subject after the other in a process of their own; heap and buffers after garbage collection, less those before`,
      'createFetch keeps 10,000 hosts, so that one function has all of them',
      ...memorySubjects.map(({ name, note }) => `${name}: ${note}`),
    ],
    columns: ['subject', 'bytes per key'],
    rows: results.map(({ name, bytes }) => [name, Math.round(bytes).toLocaleString('en-US')]),
    conclusions: results
      .filter(({ isBare }) => isBare)
      .map(({ name, bytes }) => besideBar(name, `${Math.round(bytes)} bytes`, `≤ ${BAR_BYTES}`, bytes <= BAR_BYTES)),
  }
}
