// Node.js, Bun and Deno: prints the results as JSON and has to end by itself.
import { smoke } from './smoke.ts'

const results = await smoke(process.argv[2] ?? '')
process.stdout.write(JSON.stringify(results))
