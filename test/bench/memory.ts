import { memorySubjects } from './memory-subjects.ts'
import { besideBar, type Section } from './report.ts'
import { nextMessage, startModule } from './server-process.ts'

const BAR_BYTES = 2_048

/** What does an idle breaker or bucket keep? */
export async function memoryPerKey(quick: boolean): Promise<Section> {
  const keys = quick ? 1_000 : 10_000
  const retained = new Map<string, number>()
  for (const { name } of memorySubjects) {
    const child = startModule('./memory-process.ts', [name, String(keys)], ['--expose-gc'])
    const { bytesPerKey } = await nextMessage<{ readonly bytesPerKey: number }>(child)
    retained.set(name, bytesPerKey)
  }
  const results = memorySubjects.map(({ name, without }) => ({
    name,
    isBare: without !== undefined,
    bytes: (retained.get(name) ?? Number.NaN) - (without === undefined ? 0 : (retained.get(without) ?? Number.NaN)),
  }))
  return {
    title: 'Memory of an idle key',
    method: [
      `${keys.toLocaleString('en-US')} keys of each subject in a process of its own; heap and buffers after garbage collection, less those before`,
      'createFetch keeps 1,000 hosts, so ten functions share the keys',
      ...memorySubjects.map(({ name, note }) => `${name}: ${note}`),
    ],
    columns: ['subject', 'bytes per key'],
    rows: results.map(({ name, bytes }) => [name, Math.round(bytes).toLocaleString('en-US')]),
    conclusions: results
      .filter(({ isBare }) => isBare)
      .map(({ name, bytes }) => besideBar(name, `${Math.round(bytes)} bytes`, `≤ ${BAR_BYTES}`, bytes <= BAR_BYTES)),
  }
}
