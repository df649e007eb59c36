export { memoryBuffer } from '../buffer/memory-buffer.ts'
export type { MemoryBufferOptions } from '../buffer/memory-buffer.ts'
export type { ConnectorFinding, ConnectorFindingCode } from '../lint/finding.ts'
export { lintConnector } from '../lint/lint-connector.ts'
export type { LintOptions } from '../lint/lint-connector.ts'
export { fixedKeys } from '../verify/keys/fixed-keys.ts'
export { bufferConformance } from './buffer-conformance.ts'
export type {
  BufferCapability,
  BufferHarness,
  BufferUnderTest,
  ConformanceCase,
} from './conformance/conformance-case.ts'
export { frameworkConformance } from './framework-conformance.ts'
export type {
  FrameworkCapability,
  FrameworkConformanceCase,
  FrameworkHarness,
  FrameworkMount,
  FrameworkParser,
  FrameworkServer,
  WebhookIntake,
} from './frameworks/framework-case.ts'
export { idempotencyStoreConformance } from './idempotency-store-conformance.ts'
export type {
  IdempotencyCapability,
  IdempotencyCase,
  IdempotencyHarness,
  IdempotencyUnderTest,
} from './conformance/idempotency-case.ts'
export { generateWebhookKey } from '../signing/generate-webhook-key.ts'
export type { GenerateWebhookKeyOptions } from '../signing/generate-webhook-key.ts'
export { signRequest } from '../signing/sign-request.ts'
export type { SignedRequest } from '../signing/sign-request.ts'
export type { SignRequestOptions } from '../signing/sign-request-options.ts'
export type { SchemeChoice } from '../signing/choose-scheme.ts'
export type { WebhookBody } from '../signing/draft-body.ts'
export type { SigningKey, WebhookKey, WebhookKeySource } from '../signing/webhook-key.ts'
