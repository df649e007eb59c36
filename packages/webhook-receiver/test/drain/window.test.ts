import { describe, expect, test } from 'vitest'
import { createWindow, type Window } from '../../src/drain/window.ts'

const limits = { records: 4, span: 8, bytes: 100 }

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending
}

function enterAll(window: Window, count: number) {
  return Array.from({ length: count }, () => window.enter(10, false))
}

describe('createWindow', () => {
  test('has room up to its records, bytes and span', () => {
    const window = createWindow(limits)
    expect(window.room()).toEqual({ records: 4, bytes: 100 })
    enterAll(window, 3)
    expect(window.room()).toEqual({ records: 1, bytes: 70 })
    for (let index = 0; index < 4; index++) window.enter(10, true)
    expect(window.room()).toEqual({ records: 1, bytes: 70 })
    window.enter(10, true)
    expect(window.room().records).toBe(0)
  })

  test('waits until a quarter is free', async () => {
    const window = createWindow(limits)
    const [first, second] = enterAll(window, 4)
    const room = window.untilRoom()
    window.leave(first!)
    window.trim()
    expect(await isPending(room)).toBe(true)
    window.leave(second!)
    window.trim()
    await room
    await window.untilRoom()
  })

  test('keeps the place of what is done until everything before it is', () => {
    const window = createWindow(limits)
    const [first, ...others] = enterAll(window, 4)
    for (const place of others) window.leave(place)
    window.trim()
    expect(window.open).toBe(1)
    expect(window.room().records).toBe(3)
    enterAll(window, 3)
    expect(window.room().records).toBe(0)
    window.leave(first!)
    window.trim()
    expect(window.room().records).toBe(1)
  })

  test('is caught up when everything up to the end that was found is done', async () => {
    const window = createWindow(limits)
    const [first] = enterAll(window, 1)
    const caughtUp = window.caughtUp(Infinity)
    const foundEnd = window.seekEnd()
    foundEnd?.()
    const [later] = enterAll(window, 1)
    window.trim()
    expect(await isPending(caughtUp)).toBe(true)
    window.leave(first!)
    window.trim()
    await caughtUp
    expect(later?.done).toBe(false)
  })

  test('is caught up when as much as the backlog was read and done, without an end in sight', async () => {
    const window = createWindow(limits)
    const caughtUp = window.caughtUp(2)
    const places = enterAll(window, 3)
    window.leave(places[0]!)
    window.trim()
    expect(await isPending(caughtUp)).toBe(true)
    window.leave(places[1]!)
    window.trim()
    await caughtUp
  })

  test('does not take an end that was looked for before the question', async () => {
    const window = createWindow(limits)
    expect(window.seekEnd()).toBeUndefined()
    const first = window.caughtUp(Infinity)
    const foundEnd = window.seekEnd()
    const second = window.caughtUp(Infinity)
    foundEnd?.()
    window.trim()
    await first
    expect(await isPending(second)).toBe(true)
  })

  test('lets everybody go when it closes', async () => {
    const window = createWindow(limits)
    enterAll(window, 4)
    const waiting = Promise.all([window.untilRoom(), window.caughtUp(9)])
    window.close()
    await waiting
    await window.untilRoom()
    await window.caughtUp(9)
    expect(window.open).toBe(4)
  })
})
