import type { Connector, Endpoint } from '@holdfast/core'
import manifest from './github.json' with { type: 'json' }

// TypeScript reads the texts of a JSON file as `string`; the paths are what names the parameters.
interface GithubConnector extends Connector {
  readonly endpoints: {
    readonly 'repos.get': Endpoint<'/repos/{owner}/{repo}'>
    readonly 'issues.list': Endpoint<'/repos/{owner}/{repo}/issues'>
    readonly 'hooks.deliveries': Endpoint<'/repos/{owner}/{repo}/hooks/{hook_id}/deliveries'>
  }
}

/** GitHub: webhook signatures (`x-hub-signature-256`), what its 403s and 200s really mean, and a few endpoints by name. */
const github: GithubConnector = manifest as GithubConnector

export default github
