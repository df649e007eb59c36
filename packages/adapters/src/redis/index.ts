export { toIntegrationError } from './to-integration-error.ts'
export type { ToIntegrationErrorOptions } from '@holdfast/core'
