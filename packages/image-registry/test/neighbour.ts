// SPDX-License-Identifier: Apache-2.0
// A registry that is asked the worst, and a neighbour in it whose requests are served as if nothing had been.
import assert from 'node:assert/strict'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { digestOf } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { ask, type RawAnswer, type RawRequest } from './raw-requests.ts'
import { putImage } from './requests.ts'

/** The neighbour's blob. */
export const content = 'a blob of forty-one bytes, neither more nor less'.slice(0, 41)
export const blobPath = `/v2/good/blobs/${digestOf(content)}`

/** Any text of visible characters. */
export const visible = (maxLength: number) =>
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength })

/** What every refusal looks like: the registry's errors, or plain text for what is no path of the protocol. */
export function isWellFormed(answer: RawAnswer | undefined, method = 'GET'): void {
  if (answer === undefined) return
  const { status, headers, body } = answer
  assert.ok(status < 500, `status ${status}: ${body}`)
  if (status < 400 || method === 'HEAD') return
  const type = headers['content-type'] ?? ''
  if (status === 404 && type.startsWith('text/')) return
  // Node refuses what it cannot read before there is a request.
  if ([400, 417, 431].includes(status) && body.length === 0) return
  if (type.startsWith('text/html')) return
  const { errors } = JSON.parse(body.toString()) as { errors: { code: string; message: string }[] }
  assert.ok(errors.length > 0)
  for (const { code, message } of errors) {
    assert.match(code, /^[A-Z_]+$/)
    assert.ok(message.length > 0)
    assert.doesNotMatch(body.toString(), /\/tmp\/|node_modules|\.ts\b|at \w+ \(/)
  }
}

/** The neighbour, whose image is `good:v1`. */
export class Neighbour implements AsyncDisposable {
  readonly registry: Registry
  readonly image: { body: string; digest: string }
  /** What the registry reported, which is to stay empty. */
  readonly failures: unknown[]

  private constructor(registry: Registry, image: { body: string; digest: string }, failures: unknown[]) {
    this.registry = registry
    this.image = image
    this.failures = failures
  }

  static async create(): Promise<Neighbour> {
    const failures: unknown[] = []
    const registry = await createRegistry({ onError: (error) => failures.push(error), limits: { idleMs: 5_000 } })
    return new Neighbour(registry, await putImage(registry.url, 'good', 'v1', { layers: [content] }), failures)
  }

  /** Makes the neighbour's valid requests. */
  async isServed(): Promise<void> {
    const { address } = this.registry
    const blob = await ask(address, { method: 'GET', path: blobPath })
    assert.deepEqual([blob?.status, blob?.body.toString()], [200, content])
    const manifest = await ask(address, { method: 'GET', path: '/v2/good/manifests/v1' })
    assert.deepEqual([manifest?.status, manifest?.body.toString()], [200, this.image.body])
    assert.deepEqual(this.failures, [])
  }

  /** Makes somebody else's request, then the neighbour's. */
  async survives(request: RawRequest): Promise<RawAnswer | undefined> {
    const answer = await ask(this.registry.address, request)
    isWellFormed(answer, request.method)
    await this.isServed()
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.close()
  }
}
