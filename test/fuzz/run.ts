// Verifies strange requests with every scheme of every connector, and says what came of it.
//
//   npx -y pnpm@12 fuzz [--inputs 1000000] [--seed 1]
import process from 'node:process'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const startedMs = performance.now()
const { inputs, schemes, reasons, defects } = await fuzz({ inputs: Number(values.inputs), seed: Number(values.seed) })
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
console.log(`${inputs.toLocaleString('en-US')} requests to ${schemes} schemes, seed ${values.seed}, ${seconds} s`)
for (const [reason, count] of Object.entries(reasons).toSorted(([, left], [, right]) => right - left))
  console.log(`  ${reason.padEnd(24)}${count.toLocaleString('en-US').padStart(12)}`)
for (const defect of defects) console.log(`\n${defect}`)
console.log(`\n${defects.length} defects`)
process.exitCode = defects.length === 0 ? 0 : 1
