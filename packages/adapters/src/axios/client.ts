/** What is read of an error of axios, of any version and copy. */
export interface AxiosErrorLike {
  readonly isAxiosError?: unknown
  readonly __CANCEL__?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly config?: { readonly method?: string; readonly url?: string; readonly baseURL?: string }
  readonly response?: { readonly status: number; readonly headers?: unknown; readonly data?: unknown }
}
