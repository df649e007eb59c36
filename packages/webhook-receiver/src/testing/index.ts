export { memoryBuffer } from '../buffer/memory-buffer.ts'
export type { MemoryBufferOptions } from '../buffer/memory-buffer.ts'
