// SPDX-License-Identifier: Apache-2.0
// Requests that no client would send: paths and headers go out as they are.
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'

/** An answer, whole. */
export interface RawAnswer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export interface RawRequest {
  method: string
  /** Taken as it is, encoded or not. */
  path: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Break the connection off behind the body. */
  breakOff?: boolean
}

/** How long any answer may take before the registry counts as hung. */
const patienceMs = 10_000

/** Sends a request; `undefined` when the connection ended without an answer. Fails when nothing comes. */
export function ask(
  address: string,
  { method, path, headers = {}, body, breakOff }: RawRequest,
): Promise<RawAnswer | undefined> {
  const [hostname, port] = address.split(':') as [string, string]
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers, agent: false, insecureHTTPParser: true },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', () => resolve(undefined))
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    sent.setTimeout(patienceMs, () => {
      reject(new Error(`no answer to ${method} ${path.slice(0, 200)}`))
      sent.destroy()
    })
    sent.on('error', () => resolve(undefined))
    if (breakOff) sent.write(body ?? '', () => sent.destroy())
    else sent.end(body)
  })
}

/** Sends bytes and nothing else; what came until the other side ended the connection, or the end of patience. */
export function shout(address: string, bytes: Uint8Array): Promise<string> {
  const [host, port] = address.split(':') as [string, string]
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ host, port: Number(port) }, () => socket.end(bytes))
    socket.setTimeout(patienceMs, () => {
      reject(
        new Error(
          `the connection stays open after ${JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 200))}`,
        ),
      )
      socket.destroy()
    })
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
}
