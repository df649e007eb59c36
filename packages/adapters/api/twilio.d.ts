// @holdfast/adapters/twilio

import { IntegrationError } from '@holdfast/core'
import { ToIntegrationErrorOptions } from '@holdfast/core'

export interface ToIntegrationErrorOptions {
    readonly connector?: Connector;
    readonly connection?: string;
    readonly signal?: AbortSignal | null;
}

export function toIntegrationError(error: unknown, options?: ToIntegrationErrorOptions): IntegrationError;
