// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came in. */
export interface Received {
  method: string
  url: string
  headers: IncomingHttpHeaders
}

/** What answers one request; it may do to the connection whatever a bad registry would. */
export type Script = (request: IncomingMessage, response: ServerResponse, count: number) => unknown

/** A registry that does what a test tells it to, and remembers all it was asked. */
export interface ScriptedRegistry extends AsyncDisposable {
  address: string
  requests: Received[]
  /** Method and path of every request, without the probe for TLS. */
  log(): string[]
}

/** Starts one on loopback. `count` tells a script how many requests for the same method and path came before. */
export async function scriptedRegistry(script: Script): Promise<ScriptedRegistry> {
  const requests: Received[] = []
  const counts = new Map<string, number>()
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    requests.push({ method, url, headers })
    const key = `${method} ${url}`
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    script(request, response, count)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    requests,
    log: () => requests.map(({ method, url }) => `${method} ${url}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with a JSON body of the registry's error form. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ errors: [{ code, message: 'scripted' }] }))
}
