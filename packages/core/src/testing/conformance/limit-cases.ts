import { type StateStoreCase, storeCase } from './conformance-case.ts'
import { ensure, same } from './expect.ts'
import { create, LONG_MS, valueOf } from './stored-text.ts'

const oddTexts: readonly string[] = [
  ' ',
  'with spaces, "quotes", \'others\' and \\backslashes\\',
  'lines\r\nand\ttabs',
  'zero \0 byte',
  '{braces} and }{ the wrong way round',
  'a*b?c[d]e%f:g/h',
  'größer, 日本語, עברית, 👩‍👩‍👧‍👦',
  'e\u0301 is not \u00e9',
  '__proto__',
  'constructor',
  '-1',
  'null',
]

/** What is long, large, odd or many. */
export const limitCases: readonly StateStoreCase[] = [
  storeCase('any text is a value', async ({ store }) => {
    for (const [index, text] of ['', ...oddTexts].entries()) {
      await create(store, `key ${index}`, text)
      same('what is read', await valueOf(store, `key ${index}`), text)
    }
  }),

  storeCase('any text that is not empty is a key, and the name of a lease', async ({ store }) => {
    for (const text of oddTexts) same('written', (await create(store, text, `value of ${text}`)).written, true)
    for (const text of oddTexts) same('what is read', await valueOf(store, text), `value of ${text}`)
    if (!store.caps.leases) return
    for (const text of oddTexts) same('the name', (await store.acquire(text, LONG_MS))?.name, text)
    for (const text of oddTexts) same('a second', await store.acquire(text, LONG_MS), undefined)
  }),

  storeCase('a value as long as caps.maxValueBytes is stored whole', async ({ store }) => {
    const length = Math.min(store.caps.maxValueBytes, 1024 * 1024)
    ensure('it is long enough', length >= 65_536)
    // Of two bytes each, so that a limit in characters is seen.
    const value = 'ß'.repeat(length / 2)
    const { entry } = await create(store, 'large', value)
    ensure('what is read', (await valueOf(store, 'large')) === value)
    const { written } = await store.compareAndSet('large', { expected: entry?.version, value: '', ttlMs: LONG_MS })
    same('replaced', written, true)
    same('what is read', await valueOf(store, 'large'), '')
  }),

  storeCase('a key as long as caps.maxKeyBytes is told from one that differs in its last character', async (under) => {
    const { store } = under
    ensure('it is long enough', store.caps.maxKeyBytes >= 512)
    const stem = 'k'.repeat(Math.min(store.caps.maxKeyBytes, 4096) - 1)
    await create(store, `${stem}1`, 'one')
    await create(store, `${stem}2`, 'two')
    same('the first', await valueOf(store, `${stem}1`), 'one')
    same('the second', await valueOf(store, `${stem}2`), 'two')
  }),

  storeCase('many keys are kept apart', async ({ store }) => {
    const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => create(store, key, key)))
    same('what is read', await Promise.all(keys.map((key) => valueOf(store, key))), keys)
  }),
]
