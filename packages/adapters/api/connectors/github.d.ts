// @holdfast/adapters/connectors/github

import { Connector } from '@holdfast/core'
import { Endpoint } from '@holdfast/core'

export const github: GithubConnector

export { github as default }

interface GithubConnector extends Connector {
    readonly endpoints: {
        readonly 'repos.get': Endpoint<'/repos/{owner}/{repo}'>;
        readonly 'issues.list': Endpoint<'/repos/{owner}/{repo}/issues'>;
        readonly 'hooks.deliveries': Endpoint<'/repos/{owner}/{repo}/hooks/{hook_id}/deliveries'>;
    };
}
