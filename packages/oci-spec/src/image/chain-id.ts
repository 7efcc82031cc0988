// SPDX-License-Identifier: Apache-2.0
import { type Digest, digestOf } from './digest.ts'

/**
 * The name of a stack of layers: for one layer its diff id, for more the hash of the chain id below and the diff id on
 * top, with a blank between. Two images that share their lowest layers share these chain ids.
 *
 * @returns one chain id for each diff id, lowest layer first
 * @public
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = []
  for (const diffId of diffIds) {
    const below = chain.at(-1)
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`))
  }
  return chain
}

/** The chain id of the whole stack; `undefined` for no layers. @public */
export function chainId(diffIds: readonly Digest[]): Digest | undefined {
  return chainIds(diffIds).at(-1)
}
