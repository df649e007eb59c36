/** Writes the golden files that are not there yet; those that are there never change. `node --conditions=@holdfast/source <this file>` */
import { existsSync, writeFileSync } from 'node:fs'
import { goldenOptions, makeGoldenFiles } from './golden-files.ts'

for (const [name, options] of Object.entries(goldenOptions)) {
  const path = new URL(`./${name}.json`, import.meta.url)
  if (existsSync(path)) continue
  writeFileSync(path, `${JSON.stringify(await makeGoldenFiles(options), null, 2)}\n`)
  process.stdout.write(`${name}.json\n`)
}
