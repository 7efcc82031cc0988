// SPDX-License-Identifier: Apache-2.0
import type { NetworkService } from '../../network/network-service.ts'

/** What the routes of networks need of the network service. */
export type NetworkBackend = Pick<NetworkService, 'list' | 'inspect'>
