// SPDX-License-Identifier: Apache-2.0
import { TaskDefinition, TaskV3Definition } from '@teu/shim-api'
import type { MessageCodec, TtrpcClient } from '@teu/ttrpc'
import type { Draft } from '../harness/draft.ts'

type Methods = (typeof TaskDefinition)['methods']
type Message<Codec> = Codec extends MessageCodec<infer T> ? T : never

/** The Task service, with requests of which only the fields that matter are given. */
export type ShimCalls = {
  [K in keyof Methods]: (
    request: Draft<Message<Methods[K]['requestType']>>,
  ) => Promise<Message<Methods[K]['responseType']>>
}

/** The calls of a connection, in a namespace. Each ends after 20 seconds. */
export function shimCalls(client: TtrpcClient, version: number, namespace: string): ShimCalls {
  const definition = version === 3 ? TaskV3Definition : TaskDefinition
  const options = { timeoutMs: 20_000, metadata: { 'containerd-namespace-ttrpc': namespace } }
  const rows = Object.entries(definition.methods).map(([key, method]) => {
    const codec = method.requestType as MessageCodec<unknown> & { fromPartial(draft: unknown): unknown }
    const call = (request: unknown) =>
      client.unary(definition.fullName, { ...method, requestType: codec }, codec.fromPartial(request), options)
    return [key, call]
  })
  return Object.fromEntries(rows) as ShimCalls
}
