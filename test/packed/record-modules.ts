// Runs in a fresh process: loads one module as the application in the working directory would, then prints what it exports
// and every module that was loaded with it.
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface LoadedModule {
  readonly url: string
  readonly by: string
}

const loaded: LoadedModule[] = []
registerHooks({
  resolve(specifier, context, next) {
    const result = next(specifier, context)
    loaded.push({ url: result.url, by: context.parentURL ?? '' })
    return result
  },
})

// Only a module that lies in the application finds what is installed there.
const [how, specifier = ''] = process.argv.slice(2)
const { load } = (await import(pathToFileURL(join(process.cwd(), `${how}.mjs`)).href)) as {
  readonly load: (specifier: string) => object | Promise<object>
}
const module = await load(specifier)
process.stdout.write(JSON.stringify({ exports: Object.keys(module).sort(), loaded }))
