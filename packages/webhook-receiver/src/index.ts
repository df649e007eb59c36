export { BufferError } from './buffer/buffer-error.ts'
export type { BufferErrorReason } from './buffer/buffer-error.ts'
export type * from './buffer/event-buffer.ts'
export { moveEvents } from './buffer/move-events.ts'
export type { MoveOptions, MoveReport } from './buffer/move-events.ts'
export type { ReceiverEventMap } from './events/receiver-event-map.ts'
export { confirmSubscription } from './handshake/confirm-subscription.ts'
export type { ConfirmableEvent, ConfirmOptions } from './handshake/confirm-subscription.ts'
export type { HandedSecret, HandshakeOptions } from './handshake/handshake-options.ts'
export type * from './idempotency/idempotency-store.ts'
export { memoryIdempotencyStore } from './idempotency/memory-idempotency-store.ts'
export type { MemoryIdempotencyStoreOptions } from './idempotency/memory-idempotency-store.ts'
export { createReceiver } from './receiver/create-receiver.ts'
export type * from './receiver/destination-control.ts'
export type { PublicUrl, PublicUrlRequest } from './receiver/public-url.ts'
export type { DeliveryContext, Effect } from './receiver/delivery-context.ts'
export type {
  BackupOptions,
  BreakerOptions,
  DestinationOptions,
  ExhaustionPolicy,
  FailoverOptions,
  Handler,
  PaceOptions,
  SignableRequest,
  UrlOptions,
} from './receiver/destination-options.ts'
export type { DestinationSnapshot } from './receiver/destination-snapshot.ts'
export type {
  DrainedDestination,
  DrainOnceOptions,
  DrainReport,
  IncomingWebhook,
  PartitionKey,
  Receiver,
  ReceiverOptions,
  ReceiverSnapshot,
  SourceOptions,
  StartOptions,
  WebhookReply,
} from './receiver/receiver.ts'
export type { WebhookEvent } from './receiver/webhook-event.ts'
export type { MaybePromise } from './verify/maybe-promise.ts'
export type { VerifiableRequest } from './verify/verifiable-request.ts'
export { createKeyFetcher, defaultKeyFetcherOptions } from './verify/keys/create-key-fetcher.ts'
export type { AuthorizeKeyRequest, KeyAuthorization, KeyFetcherOptions } from './verify/keys/create-key-fetcher.ts'
export type { KeyDocument, KeyFetcher, KeyRequest } from './verify/keys/key-fetcher.ts'
export { createVerifier } from './verify/verifier.ts'
export type { Verifier, VerifierOptions } from './verify/verifier.ts'
export type {
  BoundPart,
  NotVerified,
  Verified,
  VerifyFailureReason,
  VerifyResult,
} from './verify/verify-result.ts'
export { defaultResolvedSecrets } from './verify/secret-resolver.ts'
export type { ResolvedSecrets, SecretQuery, SecretResolver, SecretsOption } from './verify/secret-resolver.ts'
export type { VerificationHint } from './verify/verification-hint.ts'
export type { WebhookSecret } from './verify/webhook-secret.ts'
